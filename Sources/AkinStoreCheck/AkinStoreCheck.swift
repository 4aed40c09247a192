import Foundation

/// The program `akin-store-check`: whether a store keeps what it acknowledged when its process is killed, and how fast
/// it is.
@main
struct AkinStoreCheck {
    private static let usageText = """
        usage: akin-store-check crash ROUNDS FOLDER
               akin-store-check measure FOLDER [COUNT [DIMENSION [WRITERS]]]

        crash    lets a process write to a store in FOLDER, kills it at a random moment, and compares what is left with what
                 was acknowledged; so many times
        measure  writes COUNT vectors to a store in FOLDER, and tells the rates of writing, indexing and searching

        FOLDER is not there yet.

        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let numbers = arguments.map { Int($0) ?? -1 }
        do {
            switch (arguments.first, arguments.count) {
            // What is killed; started by the other side.
            case ("write", 3) where numbers[2] >= 0: try Writing.run(arguments[1], round: numbers[2])
            case ("crash", 3) where numbers[1] >= 1: try crash(numbers[1], folder: arguments[2])
            case ("measure", 2...5) where numbers.dropFirst(2).allSatisfy({ $0 >= 1 }):
                func number(_ place: Int, _ standard: Int) -> Int { place < numbers.count ? numbers[place] : standard }
                try Measuring(
                    folder: arguments[1], count: number(2, 200_000), dimension: number(3, 128), writers: number(4, 4)
                ).run()
            default: end(64, usageText)
            }
        } catch {
            end(1, "akin-store-check: \(error)\n")
        }
    }

    private static func crash(_ rounds: Int, folder: String) throws {
        let program = Bundle.main.executablePath ?? CommandLine.arguments[0]
        var checking = Checking(program: program, folder: folder)
        for round in 1...rounds {
            // Mostly while the first segments are written, sometimes long after.
            let milliseconds = Int.random(in: 0...(round % 10 == 0 ? 2_000 : 400))
            try checking.run(round, milliseconds: milliseconds)
            print(
                "round \(round): killed after \(milliseconds) ms, \(checking.acknowledged) writes acknowledged so far")
        }
        print("\(rounds) kills, \(checking.acknowledged) acknowledged writes, none lost, none back")
    }

    private static func end(_ status: Int32, _ text: String) -> Never {
        FileHandle.standardError.write(Data(text.utf8))
        exit(status)
    }
}
