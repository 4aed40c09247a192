import AkinCUDA

/// The program `akin-cuda-check`: the device's test matrix on a machine that may have nothing but a driver and NVRTC.
@main
struct AkinCUDACheck {
    static func main() {}
}
