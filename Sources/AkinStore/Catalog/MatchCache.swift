internal import Synchronization

/// What filters let pass, kept for those that ask again.
///
/// Each set of rows belongs to a state of the catalogue. A later state differs in the rows that transactions touched since;
/// only those are asked again. A reader may stand in an older state than the newest set, and then finds nothing here.
final class MatchCache: Sendable {
    /// Bytes that all sets and their filters may take.
    private static let greatestByteCount = 64 << 20
    private static let greatestCount = 64
    /// Touched rows that are remembered.
    private static let greatestJournal = 100_000

    private struct Entry {
        var filter: Filter
        var generation: Int64
        var rows: RowSet
        var byteCount: Int
    }

    private struct State {
        /// The last asked for last.
        var entries: [Entry] = []
        /// One for each state, in their order and without gaps.
        var journal: [(generation: Int64, touched: [Int64])] = []
        var journalRows = 0
    }

    private let state = Mutex(State())

    /// The rows that passed in a state, and those that were touched between it and `generation`; `nil` where that is not
    /// known or more than `limit` were touched.
    func find(_ filter: Filter, _ generation: Int64, limit: Int) -> (rows: RowSet, touched: [Int64])? {
        state.withLock { state in
            guard let place = state.entries.firstIndex(where: { $0.filter == filter }) else { return nil }
            let entry = state.entries[place]
            guard entry.generation <= generation else { return nil }
            var touched: [Int64] = []
            if entry.generation < generation {
                guard let first = state.journal.first?.generation, first <= entry.generation + 1,
                    let last = state.journal.last?.generation, last >= generation
                else { return nil }
                for step in state.journal where step.generation > entry.generation && step.generation <= generation {
                    touched += step.touched
                    if touched.count > limit { return nil }
                }
            }
            state.entries.append(state.entries.remove(at: place))
            return (entry.rows, touched)
        }
    }

    /// Keeps what passed in a state.
    func keep(_ rows: RowSet, _ filter: Filter, _ generation: Int64) {
        let byteCount = rows.byteCount + filter.byteCount
        guard byteCount < Self.greatestByteCount / 4 else { return }
        state.withLock { state in
            if let place = state.entries.firstIndex(where: { $0.filter == filter }) {
                if state.entries[place].generation > generation { return }
                state.entries.remove(at: place)
            }
            state.entries.append(Entry(filter: filter, generation: generation, rows: rows, byteCount: byteCount))
            var bytes = state.entries.reduce(0) { $0 + $1.byteCount }
            while state.entries.count > Self.greatestCount || bytes > Self.greatestByteCount {
                bytes -= state.entries.removeFirst().byteCount
            }
        }
    }

    /// Says what leads to a state, before anyone can be in it.
    func willReach(_ generation: Int64, touching rows: [Int64]) {
        state.withLock { state in
            if state.journal.last.map({ $0.generation + 1 != generation }) ?? false {
                state.journal.removeAll()
                state.journalRows = 0
            }
            state.journal.append((generation, rows))
            state.journalRows += rows.count
            while state.journalRows > Self.greatestJournal || state.journal.count > Self.greatestJournal {
                state.journalRows -= state.journal.removeFirst().touched.count
            }
        }
    }

    /// Takes it back where the transaction failed.
    func didNotReach(_ generation: Int64) {
        state.withLock { state in
            guard state.journal.last?.generation == generation, let last = state.journal.popLast() else { return }
            state.journalRows -= last.touched.count
        }
    }
}
