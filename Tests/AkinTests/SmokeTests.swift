import Akin
import Testing

@Test func packageLoads() {}
