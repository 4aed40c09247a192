import AkinStore
import Testing

@Suite struct MaintenancePlanTests {
    private typealias Item = MaintenancePlan.Item

    private func flat(_ count: Int, dead: Int = 0) -> MaintenancePlan.Item {
        .init(count: count, living: count - dead, isIndexed: false)
    }
    private func indexed(_ count: Int, dead: Int = 0) -> MaintenancePlan.Item {
        .init(count: count, living: count - dead, isIndexed: true)
    }
    private func plan(indexedCount: Int? = 20_000, largest: Int = 1_000_000) -> MaintenancePlan {
        var settings = StoreSettings()
        settings.largestSegment = largest
        return MaintenancePlan(settings: settings, indexedCount: indexedCount)
    }

    @Test func firstAnIndexIsBuiltOfEnough() {
        #expect(plan().next([flat(10_000)], isSettled: true) == nil)
        #expect(plan().next([flat(10_000), flat(10_000)], isSettled: false) == .build(0..<2))
    }

    @Test func newVectorsJoinTheIndexWhenTheyAreAShareOfIt() {
        #expect(plan().next([indexed(200_000), flat(30_000)], isSettled: false) == nil)
        #expect(plan().next([indexed(200_000), flat(30_000), flat(10_000)], isSettled: false) == .absorb(0..<3))
    }

    @Test func whenNobodyWritesFewerJoin() {
        #expect(plan().next([indexed(200_000), flat(2_000)], isSettled: true) == .absorb(0..<2))
        #expect(plan().next([indexed(200_000), flat(200)], isSettled: true) == nil)
    }

    @Test func aFullIndexIsFollowedByAnother() {
        let items = [indexed(999_000), flat(12_000), flat(12_000)]
        #expect(plan().next(items, isSettled: false) == .build(1..<3))
    }

    @Test func whatIsMostlyDeadIsWrittenAnew() {
        #expect(plan().next([indexed(100_000, dead: 21_000)], isSettled: false) == .build(0..<1))
        #expect(plan().next([indexed(100_000, dead: 19_000)], isSettled: false) == nil)
        #expect(plan().next([indexed(20_000, dead: 15_000)], isSettled: false) == .merge(0..<1))
        #expect(plan().next([flat(10), indexed(100_000), flat(9, dead: 9)], isSettled: false) == .merge(2..<3))
    }

    @Test func manySmallFilesBecomeOne() {
        let small = Array(repeating: flat(100), count: 8)
        #expect(plan().next(small, isSettled: false) == .merge(0..<8))
        #expect(plan().next([indexed(100_000)] + small, isSettled: false) == .merge(1..<9))
        #expect(plan().next(Array(small.dropFirst()), isSettled: false) == nil)
    }

    /// Files without an index are merged so that each point is copied about as often as the count can be quartered.
    @Test func withoutAnIndexFilesAreFewAndCopiedSeldom() {
        let plan = plan(indexedCount: nil)
        var items: [MaintenancePlan.Item] = []
        var copied = 0
        for _ in 0..<1_000 {
            items.append(flat(1_000))
            while let step = plan.next(items, isSettled: false) {
                let sum = items[step.range].reduce(0) { $0 + $1.living }
                copied += sum
                items.replaceSubrange(step.range, with: [flat(sum)])
            }
            #expect(items.count < 16)
        }
        #expect(copied < 12 * 1_000_000)
    }

    /// Whatever is written and deleted, planning comes to an end.
    @Test func everyPlanEnds() {
        for indexedCount in [nil, 1_000] {
            let plan = plan(indexedCount: indexedCount, largest: 50_000)
            var items: [MaintenancePlan.Item] = []
            for number in 0..<200 {
                items.append(flat(500 + number * 37 % 900, dead: number % 90))
                var steps = 0
                while let step = plan.next(items, isSettled: number % 3 == 0) {
                    let living = items[step.range].reduce(0) { $0 + $1.living }
                    let count: Int
                    if case .absorb = step {
                        count = items[step.range].reduce(0) { $0 + $1.count }
                    } else {
                        count = living
                    }
                    let isIndexed = if case .merge = step { false } else { true }
                    let new = MaintenancePlan.Item(count: count, living: living, isIndexed: isIndexed)
                    items.replaceSubrange(step.range, with: living == 0 ? [] : [new])
                    steps += 1
                    guard steps < 10 else {
                        Issue.record("no end after \(steps) steps: \(items)")
                        return
                    }
                }
                #expect(items.allSatisfy { $0.living <= 50_000 })
            }
        }
    }
}
