import Foundation

/// The program `akin-store-torture`: kills a process that writes to a store, many times, and sees that what was
/// acknowledged is there each time and nothing else is.
///
/// ```
/// akin-store-torture check ROUNDS FOLDER     # a folder that is not there yet
/// akin-store-torture write FOLDER ROUND      # what is killed; started by the above
/// ```
@main
struct Torture {
    static func main() {
        let arguments = CommandLine.arguments
        do {
            switch (arguments.dropFirst().first, arguments.count) {
            case ("write", 4):
                guard let round = Int(arguments[3]) else { usage() }
                try Writing.run(arguments[2], round: round)
            case ("check", 4):
                guard let rounds = Int(arguments[2]) else { usage() }
                try check(rounds, folder: arguments[3])
            default: usage()
            }
        } catch {
            FileHandle.standardError.write(Data("akin-store-torture: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func check(_ rounds: Int, folder: String) throws {
        var checking = Checking(program: program, folder: folder)
        for round in 1...max(1, rounds) {
            // Mostly while the first segments are written, sometimes long after.
            let milliseconds = Int.random(in: 0...(round % 10 == 0 ? 2_000 : 400))
            try checking.run(round, milliseconds: milliseconds)
            print(
                "round \(round): killed after \(milliseconds) ms, \(checking.acknowledged) writes acknowledged so far")
        }
        print("\(rounds) kills, \(checking.acknowledged) acknowledged writes, none lost, none back")
    }

    private static var program: String {
        Bundle.main.executablePath ?? CommandLine.arguments[0]
    }

    private static func usage() -> Never {
        FileHandle.standardError.write(Data("usage: akin-store-torture check ROUNDS FOLDER\n".utf8))
        exit(64)
    }
}
