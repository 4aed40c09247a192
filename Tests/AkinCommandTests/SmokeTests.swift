import AkinCommand
import Testing

@Test func packageLoads() {}
