public import Akin
import Foundation

/// Embeds pictures without a model: a histogram of gradients and two descriptors of colour.
///
/// A picture is brought to 64 x 64 pixels; its aspect ratio is not kept. Three parts are computed, each is brought to
/// length 1, weighted, and the whole is brought to length 1 again, so that the squared distance is 2 - 2 times the cosine:
///
/// | part | components | weight | what it tells |
/// | --- | --- | --- | --- |
/// | gradients | 4 x 4 cells, 9 orientations | 1 | shape, in the manner of HOG ([Dalal and Triggs 2005]) |
/// | layout | 4 x 4 cells, 3 | 0.5 | where which colour is: mean lightness and opponent colours |
/// | histogram | 4 x 5 x 5 | 0.5 | which colours there are, wherever they are |
///
/// Gradients are taken of the square roots of the channels, the strongest channel at each pixel; they vote for two
/// orientations and four cells each, in proportion. Cells are divided by the length of each of the four blocks of 2 x 2
/// cells that they belong to, clipped at 0.3, and averaged ([Felzenszwalb et al. 2010]). Histogram cells enter as square
/// roots. The weights were chosen by nearest-neighbour accuracy on small photographs.
///
/// It needs no file and gives the same vector on every run. It knows shapes and colours, not things: expect a network to do
/// far better on photographs.
///
/// [Dalal and Triggs 2005]: https://doi.org/10.1109/CVPR.2005.177
/// [Felzenszwalb et al. 2010]: https://doi.org/10.1109/TPAMI.2009.167
public struct GradientColorEmbedder: Embedder {
    /// The space of the vectors.
    public let space: EmbeddingSpace
    /// Components of each vector: 144 of gradients, 48 of layout, 100 of the histogram.
    public var dimension: Int { Self.gradientCount + Self.layoutCount + Self.histogramCount }
    /// Pictures that ``embed(_:)`` likes to get at once.
    public var preferredBatch: Int { 1 }

    private static let side = 64
    private static let grid = 4
    private static let orientations = 9
    private static let clip: Float = 0.3
    private static let bins = (lightness: 4, opponent: 5)
    /// Opponent colours of photographs stay near grey; they are spread by this factor and clipped.
    private static let opponentSpread: Float = 1.5
    private static let weights: (gradients: Float, layout: Float, histogram: Float) = (1, 0.5, 0.5)
    /// Changes whenever the same picture would get another vector.
    private static let version = 1

    private static let gradientCount = grid * grid * orientations
    private static let layoutCount = grid * grid * 3
    private static let histogramCount = bins.lightness * bins.opponent * bins.opponent

    private let resizing = Preprocessing(
        resize: .fixed(width: side, height: side), filter: .bilinear, width: side, height: side)

    /// Makes the embedder.
    public init() {
        var hash = SHA256()
        hash.update(field: "akin gradient and colour \(Self.version)")
        hash.update(
            field: "side \(Self.side) grid \(Self.grid) orientations \(Self.orientations) clip \(Self.clip) "
                + "bins \(Self.bins) spread \(Self.opponentSpread) weights \(Self.weights)")
        hash.update(field: resizing.fingerprint)
        space = EmbeddingSpace(id: hash.hexDigest(), name: "builtin, gradients and colour, version \(Self.version)")
    }

    /// The picture at 64 x 64 pixels, `[64, 64, 3]`, values 0...255.
    public func prepare(_ image: RGBImage) throws -> [Float] { resizing.pixels(image).pixels.map(Float.init) }

    /// Embeds a batch of prepared pictures: `[inputs.count, 292]`, in the same order.
    public func embed(_ inputs: [[Float]]) throws -> Matrix<Float> {
        for input in inputs where input.count != Self.side * Self.side * 3 {
            throw EmbeddingError.inputMismatch(
                file: "builtin", expected: "\(Self.side * Self.side * 3) numbers per picture",
                actual: "\(input.count)")
        }
        return Matrix(rows: inputs.count, columns: dimension) { vectors in
            for (row, pixels) in inputs.enumerated() {
                let vector = UnsafeMutableBufferPointer(
                    rebasing: vectors[row * dimension..<(row + 1) * dimension])
                let layoutStart = Self.gradientCount
                let histogramStart = layoutStart + Self.layoutCount
                let parts = [
                    (0..<layoutStart, Self.weights.gradients),
                    (layoutStart..<histogramStart, Self.weights.layout),
                    (histogramStart..<dimension, Self.weights.histogram),
                ]
                Self.addGradients(pixels, to: UnsafeMutableBufferPointer(rebasing: vector[parts[0].0]))
                Self.addColors(
                    pixels, layout: UnsafeMutableBufferPointer(rebasing: vector[parts[1].0]),
                    histogram: UnsafeMutableBufferPointer(rebasing: vector[parts[2].0]))
                for (range, weight) in parts {
                    let part = UnsafeMutableBufferPointer(rebasing: vector[range])
                    scaleToUnitLength(part, dimension: part.count)
                    for i in part.indices { part[i] *= weight }
                }
                scaleToUnitLength(vector, dimension: dimension)
            }
        }
    }

    /// Adds the normalised histogram of gradients, `[grid, grid, orientations]`.
    private static func addGradients(_ pixels: [Float], to part: UnsafeMutableBufferPointer<Float>) {
        let roots = pixels.map { ($0 / 255).squareRoot() }
        var cells = [Float](repeating: 0, count: gradientCount)
        for y in 0..<side {
            let above = max(y - 1, 0) * side
            let below = min(y + 1, side - 1) * side
            let (row, rowShare) = cell(y)
            for x in 0..<side {
                let left = (y * side + max(x - 1, 0)) * 3
                let right = (y * side + min(x + 1, side - 1)) * 3
                var (gx, gy, strength): (Float, Float, Float) = (0, 0, 0)
                for channel in 0..<3 {
                    let dx = roots[right + channel] - roots[left + channel]
                    let dy = roots[(below + x) * 3 + channel] - roots[(above + x) * 3 + channel]
                    let square = dx * dx + dy * dy
                    if square > strength { (gx, gy, strength) = (dx, dy, square) }
                }
                guard strength > 0 else { continue }
                let magnitude = strength.squareRoot()
                // An angle and its opposite are one orientation; orientation o is centred at (o + 1/2) / 9 of a half turn.
                let angle = Float(atan2(Double(gy), Double(gx)) / Double.pi) * Float(orientations) - 0.5
                let lower = angle.rounded(.down)
                let orientation = (Int(lower) + 2 * orientations) % orientations
                let orientationShare = angle - lower
                let (column, columnShare) = cell(x)
                for (r, rShare) in [(row, 1 - rowShare), (row + 1, rowShare)] where (0..<grid).contains(r) {
                    for (c, cShare) in [(column, 1 - columnShare), (column + 1, columnShare)]
                    where (0..<grid).contains(c) {
                        let start = (r * grid + c) * orientations
                        let weight = magnitude * rShare * cShare
                        cells[start + orientation] += weight * (1 - orientationShare)
                        cells[start + (orientation + 1) % orientations] += weight * orientationShare
                    }
                }
            }
        }
        normalize(cells, into: part)
    }

    /// The cell whose centre lies before pixel `i` of an axis, and the share of the one behind it.
    private static func cell(_ i: Int) -> (Int, Float) {
        let position = (Float(i) + 0.5) * Float(grid) / Float(side) - 0.5
        return (Int(position.rounded(.down)), position - position.rounded(.down))
    }

    /// Divides each cell by the length of each of its four blocks, clips, and averages.
    private static func normalize(_ cells: [Float], into part: UnsafeMutableBufferPointer<Float>) {
        func energy(_ row: Int, _ column: Int) -> Float {
            let start = (min(max(row, 0), grid - 1) * grid + min(max(column, 0), grid - 1)) * orientations
            return cells[start..<start + orientations].reduce(0) { $0 + $1 * $1 }
        }
        for row in 0..<grid {
            for column in 0..<grid {
                let start = (row * grid + column) * orientations
                for (top, left) in [(row - 1, column - 1), (row - 1, column), (row, column - 1), (row, column)] {
                    let block =
                        energy(top, left) + energy(top, left + 1) + energy(top + 1, left) + energy(top + 1, left + 1)
                    // What is added keeps the noise of an even surface from being blown up to a full histogram.
                    let length = (block + 0.01).squareRoot()
                    for o in start..<start + orientations { part[o] += min(cells[o] / length, clip) / 4 }
                }
            }
        }
    }

    /// Adds the mean colour of each cell, `[grid, grid, 3]`, and the square roots of the histogram's shares.
    private static func addColors(
        _ pixels: [Float], layout: UnsafeMutableBufferPointer<Float>, histogram: UnsafeMutableBufferPointer<Float>
    ) {
        let cellSide = side / grid
        for y in 0..<side {
            for x in 0..<side {
                let at = (y * side + x) * 3
                let (red, green, blue) = (pixels[at] / 255, pixels[at + 1] / 255, pixels[at + 2] / 255)
                // Each about -1/2...1/2: lightness, red against green, yellow against blue.
                let color = (
                    (red + green + blue) / 3 - 0.5, (red - green) / 2, (red + green - 2 * blue) / 4
                )
                let cell = (y / cellSide * grid + x / cellSide) * 3
                let share = 1 / Float(cellSide * cellSide)
                layout[cell] += color.0 * share
                layout[cell + 1] += color.1 * share
                layout[cell + 2] += color.2 * share
                vote(color, in: histogram)
            }
        }
        for i in histogram.indices { histogram[i] = (histogram[i] / Float(side * side)).squareRoot() }
    }

    /// Shares one vote among the eight bins around a colour.
    private static func vote(_ color: (Float, Float, Float), in histogram: UnsafeMutableBufferPointer<Float>) {
        func place(_ value: Float, _ bins: Int) -> (Int, Float) {
            let position = min(max(value + 0.5, 0), 1) * Float(bins - 1)
            let lower = min(Int(position), bins - 2)
            return (lower, position - Float(lower))
        }
        let (i, iShare) = place(color.0, bins.lightness)
        let (j, jShare) = place(color.1 * opponentSpread, bins.opponent)
        let (k, kShare) = place(color.2 * opponentSpread, bins.opponent)
        for corner in 0..<8 {
            let (a, b, c) = (corner >> 2, corner >> 1 & 1, corner & 1)
            let weight =
                (a == 1 ? iShare : 1 - iShare) * (b == 1 ? jShare : 1 - jShare) * (c == 1 ? kShare : 1 - kShare)
            histogram[((i + a) * bins.opponent + j + b) * bins.opponent + k + c] += weight
        }
    }
}
