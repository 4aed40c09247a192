public import AkinStore
public import Foundation

/// Collections, as the edges of the server see them: one process, or several, may stand behind it.
///
/// Every call may be made from many tasks at once. What was acknowledged is seen by every later call. Calls throw
/// ``AkinStore/StoreError``, or ``Overload`` when they are not even tried.
public protocol CollectionService: Sendable {
    /// Whether calls never block the thread that makes them: threads of this process do the work.
    ///
    /// Calls of other services are not made on event loops: a connection that stalls would stop all that a loop serves.
    var isLocal: Bool { get }

    /// The names of all collections, in order.
    func collections() async throws -> [String]

    /// Makes an empty collection; a service of one process passes over where it is to be.
    ///
    /// - Throws: `StoreError.collectionExists`, `.invalid`, `.diskFull`; in a cluster `.noCollection` where it was dropped
    ///   meanwhile.
    func create(_ name: String, _ configuration: CollectionConfiguration, _ placement: Placement) async throws

    /// Deletes a collection and all that is in it.
    ///
    /// - Returns: whether there was one.
    func drop(_ name: String) async throws -> Bool

    /// What a collection is made of; quick, because every search asks.
    func configuration(of name: String) async throws -> CollectionConfiguration

    /// How a collection is spread; one part, kept once, unless the service says otherwise.
    func placement(of name: String) async throws -> Placement

    /// A collection as it is now.
    func describe(_ name: String) async throws -> CollectionDescription

    /// Adds points, or replaces those that have the same names; all of them or, when it throws, none.
    func upsert(_ points: [Point], into name: String) async throws

    /// Deletes points; names that no point has are passed over.
    func delete(_ selection: PointSelection, from name: String) async throws

    /// Changes what is known about points; names that no point has are passed over.
    func change(_ change: PayloadChange, of selection: PointSelection, in name: String) async throws

    /// The points with these names that there are, in the order asked.
    func retrieve(_ ids: [PointID], _ fields: PointFields, from name: String) async throws -> [StoredPoint]

    /// A page of points in the order of their names, or of a member of their payloads.
    func scroll(_ query: ScrollQuery, in name: String) async throws -> ScrollPage

    /// How many points pass.
    func count(_ filter: Filter, in name: String) async throws -> Int

    /// The nearest points of each query, in the order of the queries.
    func search(_ queries: [SearchQuery], in name: String) async throws -> [SearchAnswer]

    /// Indexes a member of the payloads; of another kind than before where it was indexed already.
    func createPayloadIndex(on path: FieldPath, _ kind: PayloadIndexKind, in name: String) async throws

    /// Forgets an index of payloads; nothing happens where there is none.
    func deletePayloadIndex(on path: FieldPath, in name: String) async throws

    /// The image file stored with a point; `nil` where the point has none.
    ///
    /// - Throws: `StoreError.noPoint`.
    func image(of id: PointID, in name: String) async throws -> Data?

    /// Writes all of a collection into one file.
    func createSnapshot(of name: String) async throws -> SnapshotDescription

    /// A collection's snapshots, oldest first.
    func snapshots(of name: String) async throws -> [SnapshotDescription]

    /// Where a snapshot's file is, to be read only.
    ///
    /// - Throws: `StoreError.snapshot` where there is none.
    func snapshotFile(_ snapshot: String, of name: String) async throws -> URL

    /// Deletes a snapshot.
    ///
    /// - Throws: `StoreError.snapshot` where there is none.
    func deleteSnapshot(_ snapshot: String, of name: String) async throws

    /// Puts what a snapshot's file holds in the place of a collection, or makes it; nothing changes when it throws.
    func restore(_ name: String, from file: URL) async throws

    /// Calls under way and waiting, for metrics.
    var load: ServiceLoad { get }

    /// Lets go of all files once nothing asks any more.
    func close() async
}

extension CollectionService {
    /// Nothing is known of the threads of a service that does not say more.
    public var isLocal: Bool { false }

    /// Makes an empty collection, wherever the service likes.
    public func create(_ name: String, _ configuration: CollectionConfiguration) async throws {
        try await create(name, configuration, Placement())
    }

    /// One part, kept once.
    public func placement(of name: String) async throws -> Placement { Placement(shards: 1, replicas: 1) }
}

/// A page of points to be read.
public struct ScrollQuery: Sendable, Equatable {
    /// Points wanted, 1 or more.
    public var limit: Int
    /// Which points are meant.
    public var filter: Filter
    /// Only names from here on.
    public var start: PointID?
    /// What the page carries beside names.
    public var fields: PointFields
    /// Another order than that of the names.
    public var order: Order?

    /// The order of a member of the payloads that holds numbers or times; points without one are left out.
    public struct Order: Sendable, Equatable {
        /// Where the number is, or the time as RFC 3339 writes it.
        public var path: FieldPath
        /// Whether large numbers and late times come first.
        public var isDescending: Bool
        /// Only numbers from here on, or seconds since 1970.
        public var start: Double?

        /// Describes an order.
        public init(path: FieldPath, isDescending: Bool = false, start: Double? = nil) {
            self.path = path
            self.isDescending = isDescending
            self.start = start
        }
    }

    /// Asks for a page.
    public init(
        limit: Int = 10, filter: Filter = .init(), start: PointID? = nil, fields: PointFields = .init(),
        order: Order? = nil
    ) {
        self.limit = limit
        self.filter = filter
        self.start = start
        self.fields = fields
        self.order = order
    }
}

/// A page of points.
public struct ScrollPage: Sendable, Equatable {
    /// In the order asked for.
    public var points: [StoredPoint]
    /// The values that ordered them; empty in the order of names.
    public var values: [JSON]
    /// Where the next page starts; `nil` at the end, and in other orders than that of the names.
    public var next: PointID?

    /// Puts a page together.
    public init(points: [StoredPoint], values: [JSON] = [], next: PointID? = nil) {
        self.points = points
        self.values = values
        self.next = next
    }
}

/// How busy a service is.
public struct ServiceLoad: Sendable, Equatable {
    /// Calls under way, and calls that wait for a thread.
    public var running, waiting: Int

    /// Says how busy a service is.
    public init(running: Int = 0, waiting: Int = 0) {
        self.running = running
        self.waiting = waiting
    }
}

/// Why a call was not tried: others are waiting already.
public struct Overload: Error, Equatable, Sendable {
    /// What there is too much of, in a sentence.
    public var reason: String
    /// When it may be worth to try again.
    public var retryAfterSeconds: Int

    /// Refuses a call.
    public init(_ reason: String, retryAfterSeconds: Int = 1) {
        self.reason = reason
        self.retryAfterSeconds = retryAfterSeconds
    }
}
