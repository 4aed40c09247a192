import AkinHostModel
import Testing

@Suite("The host model of a block")
struct HostModelTests {
    @Test("collectives, matrix instructions and copies give what they must", arguments: [0, 1, 2, 3] as [UInt32])
    func gives(order: UInt32) {
        #expect(HostModel.problem { akin_host_self_check(order, $0, $1) } == nil)
    }

    @Test("faults are found in any order of threads", arguments: [0, 1, 7] as [UInt32])
    func findsFaults(order: UInt32) {
        var number: UInt32 = 0
        while let name = akin_host_fault_name(number) {
            let found = HostModel.problem { akin_host_fault(number, order, $0, $1) }
            #expect(found != nil, "\(String(cString: name))")
            number += 1
        }
        #expect(number >= 10)
    }
}

/// Calls of the C functions.
enum HostModel {
    /// What a launch found wrong.
    static func problem(_ call: (UnsafeMutablePointer<CChar>?, Int) -> Int32) -> String? {
        var text = [CChar](repeating: 0, count: 512)
        let code = text.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
        guard code != 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
