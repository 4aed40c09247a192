/// This version of Akin, as `akin --version` and the files it writes give it.
public let akinVersion = "0.1.0"
