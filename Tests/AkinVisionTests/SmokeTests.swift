import AkinVision
import Testing

@Test func packageLoads() {}
