import Akin

/// All that the machine code of a source depends on, but for the version of the compiler.
package struct KernelRecipe: Sendable, Hashable, CustomStringConvertible {
    /// The source's file name: "sanity.cu".
    package let source: String
    /// What it is compiled for: "sm_90a".
    package let architecture: String
    /// Macros defined before the first line.
    package let definitions: [String: String]

    /// "sanity.cu for sm_90a".
    package var description: String {
        let macros = definitions.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        return "\(source)\(macros) for \(architecture)"
    }

    /// Names what is to be compiled.
    package init(source: String, architecture: String, definitions: [String: String] = [:]) {
        self.source = source
        self.architecture = architecture
        self.definitions = definitions
    }

    /// All recipes that are asked for while the program runs, for one architecture.
    package static func used(for architecture: String) -> [KernelRecipe] {
        KernelSource.kernels.flatMap { source in
            let definitions = source.name == "selection.cu" ? SelectionPlan.definitions : [[:]]
            return definitions.map {
                KernelRecipe(source: source.name, architecture: architecture, definitions: $0)
            }
        }
    }

    /// The options that go with every source.
    ///
    /// Fused multiply-add is left on, as on the CPU; nothing else that changes floats is.
    package var options: [String] {
        ["--std=c++17", "--define-macro=AKIN_CUDA=1"]
            + definitions.sorted { $0.key < $1.key }.map { "--define-macro=\($0.key)=\($0.value)" }
    }

    /// The source's text and those of all headers.
    ///
    /// - Throws: ``CUDAError/noSuchSource(_:carried:)``.
    package func texts() throws(CUDAError) -> (source: KernelSource, headers: [KernelSource]) {
        guard let found = KernelSource.all.first(where: { $0.name == source }) else {
            throw .noSuchSource(source, carried: KernelSource.kernels.map(\.name))
        }
        return (found, KernelSource.all.filter { $0.name.hasSuffix(".cuh") })
    }

    /// A name for what comes out: the same recipe and the same texts have the same, all others another.
    ///
    /// Every header counts, also one that the source does not include: they change seldom, and following includes would
    /// be a second reading of the language.
    ///
    /// - Throws: ``CUDAError/noSuchSource(_:carried:)``.
    package func key() throws(CUDAError) -> String {
        let (text, headers) = try texts()
        var hash = SHA256()
        for field in ["akin-kernel-1", architecture] + options + [text.name, text.text] { hash.update(field: field) }
        for header in headers {
            hash.update(field: header.name)
            hash.update(field: header.text)
        }
        return hash.hexDigest()
    }
}
