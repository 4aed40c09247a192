import Akin

extension IVFIndex {
    /// The k nearest of some queries' candidates by their second codes, which are on the host.
    ///
    /// - Throws: nothing; sharing work could.
    func refined(
        _ queries: Matrix<Float>, _ candidates: [[ListCandidate]], k: Int, threads: Int, kernels: Kernels
    ) throws -> [[Neighbor]] {
        try eachRow(queries.rows, threads: threads, share: 16) { q in
            refined(queries, row: q, candidates: candidates[q].map(\.number), k: k, kernels: kernels)
        }
    }
}

extension CUDAShards {
    /// Searches parts of an inverted file with second codes: the parts nominate, and the best candidates of all of them are
    /// compared again, as those of the whole are.
    func refined(
        _ parts: [CUDAIVFIndex], of whole: IVFIndex, _ queries: Matrix<Float>, k: Int, options: SearchOptions
    ) throws -> SearchResult {
        let k = try whole.checkedSearch(queries, k: k, options).k
        let wanted = try whole.candidateCount(k: k, options)
        let found = try ofEach(parts.count, options) { part, options in
            try parts[part].nominate(queries, count: wanted, of: whole, options: options)
        }
        let candidates = try eachRow(queries.rows, threads: options.threads ?? availableCores(), share: 16) { q in
            Array(found.flatMap { $0.candidates[q] }.sorted().prefix(wanted))
        }
        let rows = try whole.refined(
            queries, candidates, k: k, threads: options.threads ?? availableCores(), kernels: options.kernels ?? .best)
        return SearchResult(
            neighbors: Neighbors(rows), isExact: whole.isExact(options),
            visited: found.reduce(0) { $0 + $1.visited }, isLimited: rows.contains { $0.count < k })
    }
}

extension CUDAIVFIndex {
    /// The candidates of each query in this part of an index, numbered as in the whole, and how many vectors were visited.
    func nominate(
        _ queries: Matrix<Float>, count: Int, of whole: IVFIndex, options: SearchOptions
    ) throws -> (candidates: [[ListCandidate]], visited: Int) {
        let nprobe = try ivf.checkedSearch(queries, k: 1, options).nprobe
        guard self.count > 0, queries.rows > 0 else { return (Array(repeating: [], count: queries.rows), 0) }
        let found = try lists.nominate(
            queries, count: count, nprobe: nprobe, options: options, nearest: nearest(options))
        let stored = lists.stored
        let candidates = try eachRow(queries.rows, threads: options.threads ?? availableCores(), share: 16) { q in
            found.candidates[q].map { candidate in
                let (list, position) = stored.place(of: candidate.number)
                return ListCandidate(key: candidate.key, number: whole.number(of: position, in: list))
            }
        }
        return (candidates, found.answer.visited)
    }
}
