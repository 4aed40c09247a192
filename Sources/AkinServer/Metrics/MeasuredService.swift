/// A service with measurements of its own.
package protocol MeasuredService {
    /// Adds them to the page that `/metrics` shows.
    func addMeasurements(to text: inout PrometheusText)
}
