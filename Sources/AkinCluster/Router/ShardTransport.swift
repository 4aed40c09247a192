/// How a router reaches shards.
package protocol ShardTransport: Sendable {
    /// Asks, and waits for all of an answer.
    ///
    /// - Throws: ``NATSFailure``: of kind `noResponders` at once where nobody listens, `away`, `timeout`.
    func ask(_ bytes: [UInt8], to subject: String, within seconds: Double) async throws -> [UInt8]

    /// Writes a message, once per name however often it is sent.
    ///
    /// - Returns: its number in its stream.
    /// - Throws: ``NATSFailure``: of kinds `timeout`, `away` and `noResponders` where trying again may help.
    func publish(_ bytes: [UInt8], to subject: String, name: String, within seconds: Double) async throws -> UInt64

    /// Bytes of one message at most.
    ///
    /// - Throws: where no server ever said.
    var greatestMessage: Int { get throws }
}
