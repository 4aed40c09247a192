import AkinCUDA
import Foundation
import Testing

@Suite("Sources of kernels")
struct KernelSourceTests {
    @Test("the program carries every file of the kernels' folder, as it is")
    func carriesEveryFile() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Sources/CAkinCUDA/kernels")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasSuffix(".cu") || $0.hasSuffix(".cuh")
        }
        #expect(KernelSource.all.map(\.name).sorted() == names.sorted())
        for source in KernelSource.all {
            #expect(source.text == (try String(contentsOf: folder.appending(path: source.name), encoding: .utf8)))
        }
    }
}
