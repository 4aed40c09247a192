package import Akin
package import AkinCUDA

/// One thing that holds on every device.
///
/// The tests run it on a device made of host memory, `akin-cuda-check` on a GPU; so nothing here needs a testing library.
public struct CUDACase: Sendable, CustomStringConvertible {
    /// What holds, as a statement.
    public let name: String
    /// Its name.
    public var description: String { name }
    package let body: @Sendable (DeviceUnderTest) throws -> Void

    package init(_ name: String, _ body: @escaping @Sendable (DeviceUnderTest) throws -> Void) {
        self.name = name
        self.body = body
    }

    /// All cases.
    public static var all: [CUDACase] { layer + work }

    /// Those of the layer that all else stands on.
    public static var layer: [CUDACase] { copies + pool + staging + sanity }

    /// Those of what stands on it.
    public static var work: [CUDACase] { selection + flat + halves + clustering + lists + several }
}

/// A device, with what a case needs to use it.
package struct DeviceUnderTest: Sendable {
    package let context: CUDAContext
    package let kernels: KernelLibrary

    package init(context: CUDAContext, kernels: KernelLibrary) {
        self.context = context
        self.kernels = kernels
    }
}

/// What a case found to be otherwise.
public struct CaseFailure: Error, CustomStringConvertible {
    /// What was expected and what came.
    public let description: String

    package init(_ description: String) { self.description = description }
}

/// Fails a case unless a condition holds.
package func expect(_ holds: Bool, _ text: @autoclosure () -> String) throws {
    if !holds { throw CaseFailure(text()) }
}

/// Fails a case unless two values are the same.
package func expect<Value: Equatable>(_ actual: Value, equals expected: Value, _ what: @autoclosure () -> String) throws
{
    if actual != expected { throw CaseFailure("\(what()): expected \(expected), got \(actual)") }
}

/// Fails a case at the first element that differs.
package func expect<Value: Equatable>(_ actual: [Value], equals expected: [Value], _ what: @autoclosure () -> String)
    throws
{
    try expect(actual.count, equals: expected.count, "\(what()), count")
    for i in actual.indices where actual[i] != expected[i] {
        throw CaseFailure("\(what()), element \(i): expected \(expected[i]), got \(actual[i])")
    }
}

/// Fails a case unless the body throws an error that fits.
package func expectError(
    _ what: @autoclosure () -> String, _ body: () throws -> Void, where fits: (CUDAError) -> Bool
) throws {
    do { try body() } catch let error as CUDAError where fits(error) { return } catch {
        throw CaseFailure("\(what()): another error: \(error)")
    }
    throw CaseFailure("\(what()): no error")
}

/// Fails a case unless two indexes refuse a search alike, and do refuse it.
package func expectSameRefusal(
    _ one: any VectorIndex, _ other: any VectorIndex, _ queries: Matrix<Float>, k: Int, _ options: SearchOptions
) throws {
    let errors = try [one, other].map { index -> IndexError? in
        do {
            _ = try index.search(queries, k: k, options: options)
            return nil
        } catch let error as IndexError { return error }
    }
    try expect(errors[0] != nil, "the CPU refuses nothing")
    try expect(errors[1], equals: errors[0], "the error")
}
