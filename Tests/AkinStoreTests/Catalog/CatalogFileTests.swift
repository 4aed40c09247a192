import AkinStore
import AkinTestSupport
import Foundation
import Testing

@Suite struct CatalogFileTests {
    private static let configuration = CollectionConfiguration(dimension: 4, metric: .l2)

    @Test func opensOnlyWhatIsThereAndMakesOnlyWhatIsNot() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/catalog.sqlite"
            let error = #expect(throws: StoreError.self) { try Catalog(opening: path) }
            #expect(error?.description.contains(path) == true)
            #expect(!FileManager.default.fileExists(atPath: path))
            try Catalog(creatingAt: path, configuration: Self.configuration).close()
            #expect(throws: StoreError.self) { try Catalog(creatingAt: path, configuration: Self.configuration) }
        }
    }

    @Test func aFileOfAnotherKindIsNamed() throws {
        try withTemporaryDirectory { folder in
            for (name, bytes) in [("noise", Array(repeating: UInt8(7), count: 9000)), ("empty", [])] {
                let path = folder + "/" + name
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                let error = #expect(throws: StoreError.self) { try Catalog(opening: path) }
                #expect(error?.code == "storage")
                #expect(error?.description.contains(path) == true)
            }
        }
    }

    @Test func aCatalogueOfAnotherVersionIsRefused() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/catalog.sqlite"
            try Catalog(creatingAt: path, configuration: Self.configuration).close()
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            // The version is the 32-bit number at byte 60 of an SQLite file, the last byte its lowest.
            bytes[63] += 1
            try bytes.write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: StoreError.self) { try Catalog(opening: path) }
            #expect(error?.description.contains("version") == true)
        }
    }

    @Test func damageIsAnErrorThatNamesTheFile() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/catalog.sqlite"
            let catalog = try Catalog(creatingAt: path, configuration: Self.configuration)
            try catalog.write { writer in
                for row in 0..<5000 {
                    try writer.upsert(.number(UInt64(row)), payload: Array("{}".utf8), row: Int64(row))
                }
            }
            try catalog.close()
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            var random = SeededRandom(seed: 3)
            var errors = 0
            for _ in 0..<40 {
                var bytes = whole
                let page = Int.random(in: 0..<(bytes.count / 4096), using: &random) * 4096
                for i in page..<(page + 200) { bytes[i] = UInt8.random(in: 0...255, using: &random) }
                try bytes.write(to: URL(fileURLWithPath: path))
                do {
                    let catalog = try Catalog(opening: path)
                    _ = try catalog.points(rows: try catalog.liveRows(), fields: .init(payload: .all))
                } catch let error as StoreError {
                    #expect(error.description.contains(path) || error.code == "invalid")
                    errors += 1
                }
            }
            #expect(errors > 20)
        }
    }

    @Test func aCopyHoldsWhatWasThereWhenItWasMade() throws {
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(creatingAt: folder + "/a", configuration: Self.configuration)
            try catalog.write { writer in
                try writer.upsert(.number(1), payload: Array(#"{"a":1}"#.utf8), row: 0)
                writer.setApplied(5)
            }
            try catalog.backUp(to: folder + "/b")
            try catalog.write { try $0.upsert(.number(2), payload: [], row: 1) }
            #expect(!FileManager.default.fileExists(atPath: folder + "/b-wal"))
            let copy = try Catalog(opening: folder + "/b")
            #expect(copy.configuration == Self.configuration)
            #expect(try copy.liveRows() == [0])
            #expect(try copy.appliedSequence() == 5)
        }
    }

    @Test func aCheckpointLeavesAllInTheFileItself() throws {
        try withTemporaryDirectory { folder in
            let catalog = try Catalog(creatingAt: folder + "/a", configuration: Self.configuration)
            try catalog.write { try $0.upsert(.number(1), payload: [], row: 0) }
            try catalog.checkpoint()
            try FileManager.default.copyItem(atPath: folder + "/a", toPath: folder + "/alone")
            #expect(try Catalog(opening: folder + "/alone").liveRows() == [0])
        }
    }

    @Test func theLogOfSQLiteDoesNotGrowForEver() throws {
        try withTemporaryDirectory { folder in
            let path = folder + "/a"
            let catalog = try Catalog(creatingAt: path, configuration: Self.configuration, pagesToMove: 50)
            let payload = Array(#"{"text":"\#(String(repeating: "x", count: 3000))"}"#.utf8)
            var greatest = 0
            // 4000 pages of 4 KiB and more, 8 times 50 of which may stand in the log, and the last transaction.
            for round in 0..<40 {
                try catalog.write { writer in
                    for i in 0..<100 {
                        try writer.upsert(.number(UInt64(i)), payload: payload, row: Int64(round * 100 + i))
                    }
                }
                let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
                greatest = max(greatest, size ?? 0)
            }
            #expect(greatest > 50 << 12 && greatest < 1000 << 12)
            #expect(try catalog.count() == 100)
        }
    }
}
