internal import AkinStore
internal import Foundation

/// What members the payloads of a collection have, and which values, as far as a sample shows: what a filter may offer.
struct PayloadMembers: Sendable {
    /// Points that are looked at, and different values of a member that are kept apart.
    static let mostPoints = 4_000
    static let mostValues = 200

    /// A member whose values are of one kind.
    struct Member: Sendable, Equatable {
        enum Kind: String, Sendable { case keyword, bool, number }

        var name: String
        var kind: Kind
        /// Different values and how many points have each, the most frequent first; none for numbers.
        var values: [(value: JSON, count: Int)] = []
        /// Bounds of numbers.
        var least = Double.infinity, greatest = -Double.infinity

        static func == (a: Self, b: Self) -> Bool {
            a.name == b.name && a.kind == b.kind && a.least == b.least && a.greatest == b.greatest
                && a.values.map(\.value) == b.values.map(\.value) && a.values.map(\.count) == b.values.map(\.count)
        }
    }

    private(set) var members: [Member] = []
    private(set) var sampled = 0
    /// Whether every point was looked at.
    private(set) var isWhole = true

    /// Looks at the first points of a collection, in the order of their names.
    init(of name: String, in service: any CollectionService) async throws {
        var survey = Survey()
        var start: PointID?
        repeat {
            let page = try await service.scroll(
                ScrollQuery(limit: 1_000, start: start, fields: PointFields(payload: .all)), in: name)
            for point in page.points { survey.add(point.payload ?? [:]) }
            sampled += page.points.count
            start = page.next
        } while start != nil && sampled < Self.mostPoints
        isWhole = start == nil
        members = survey.members(of: sampled)
    }

    /// Collects values member by member.
    struct Survey {
        private struct Found {
            var kinds: Set<Member.Kind> = []
            var counts: [JSON: Int] = [:]
            var least = Double.infinity, greatest = -Double.infinity
            var isTooVaried = false
        }

        private var found: [String: Found] = [:]

        /// Looks at one payload; of members inside members, and beyond the first few hundred, nothing is taken.
        mutating func add(_ payload: Payload) {
            for (name, value) in payload where found[name] != nil || found.count < 256 {
                let values = if case .array(let elements) = value { elements } else { [value] }
                for value in values { add(value, to: name) }
            }
        }

        private mutating func add(_ value: JSON, to name: String) {
            var member = found[name] ?? Found()
            defer { found[name] = member }
            switch value {
            case .string(let text):
                member.kinds.insert(.keyword)
                if text.utf8.count > 64 { member.isTooVaried = true }
            case .bool: member.kinds.insert(.bool)
            case .integer, .number:
                member.kinds.insert(.number)
                let number = value.double ?? 0
                (member.least, member.greatest) = (min(member.least, number), max(member.greatest, number))
                return
            case .null, .array, .object: return
            }
            if member.counts[value] != nil || member.counts.count < PayloadMembers.mostValues {
                member.counts[value, default: 0] += 1
            } else {
                member.isTooVaried = true
            }
        }

        /// The members that a filter could offer, in the order of their names.
        ///
        /// Left out are those with values of several kinds, and those whose values nearly all differ, such as paths.
        func members(of points: Int) -> [Member] {
            found.compactMap { name, found in
                // A name with a point or a bracket in it would be read as a path.
                guard found.kinds.count == 1, let kind = found.kinds.first, !found.isTooVaried,
                    FieldPath(name) != nil, !name.contains("."), !name.contains("[")
                else { return nil }
                if kind == .keyword, found.counts.count > max(8, points / 4) { return nil }
                var member = Member(name: name, kind: kind, least: found.least, greatest: found.greatest)
                if kind != .number {
                    member.values = found.counts.sorted { a, b in
                        (b.value, a.key.text) < (a.value, b.key.text)
                    }.map { ($0.key, $0.value) }
                }
                return member
            }.sorted { $0.name < $1.name }
        }
    }

    /// As replies carry it.
    var json: JSON {
        .object([
            "sampled": .integer(Int64(sampled)), "whole": .bool(isWhole),
            "members": .array(
                members.map { member in
                    var object: Payload = ["name": .string(member.name), "kind": .string(member.kind.rawValue)]
                    if member.kind == .number {
                        object["least"] = .number(member.least)
                        object["greatest"] = .number(member.greatest)
                    } else {
                        object["values"] = .array(
                            member.values.map {
                                // Counts of a sample would be taken for those of the whole.
                                .object(["value": $0.value, "count": isWhole ? .integer(Int64($0.count)) : .null])
                            })
                    }
                    return .object(object)
                }),
        ])
    }
}

extension JSON {
    fileprivate var text: String { String(decoding: encoded, as: UTF8.self) }
}
