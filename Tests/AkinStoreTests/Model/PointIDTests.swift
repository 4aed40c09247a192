import AkinStore
import Testing

@Suite struct PointIDTests {
    @Test func aUUIDIsOneNameInAllItsForms() {
        let name = PointID.name("936da01f-9abd-4d9d-80c7-02af85c822a8")
        #expect(PointID(name: "936DA01F9ABD4D9D80C702AF85C822A8") == name)
        #expect(PointID(name: "936da01f-9abd-4d9d-80c7-02af85c822a8") == name)
        #expect(PointID(name: "urn:uuid:936DA01F-9ABD-4D9D-80C7-02AF85C822A8") == name)
    }

    @Test func otherTextStaysAsItIs() {
        #expect(PointID(name: "Shoe.JPG") == .name("Shoe.JPG"))
        #expect(PointID(name: "936da01f9abd4d9d80c702af85c822aX") == .name("936da01f9abd4d9d80c702af85c822aX"))
    }

    @Test func namesHaveALength() {
        #expect(PointID(name: "") == nil)
        #expect(PointID(name: String(repeating: "é", count: 128)) != nil)
        #expect(PointID(name: String(repeating: "é", count: 129)) == nil)
    }

    @Test func numbersComeBeforeNames() {
        let ids: [PointID] = [.name("b"), .number(.max), .name("10"), .number(3)]
        #expect(ids.sorted() == [.number(3), .number(.max), .name("10"), .name("b")])
    }
}
