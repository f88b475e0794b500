import CoreMetrics
import Testing

@testable import Daemon

@Suite struct PrometheusTests {
    @Test func theTextIsOfFormat004() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "gd2.calls", dimensions: [("name", "GET\"SPEC\\\n")])
            .increment(by: 2)
        let calls = registry.makeCounter(label: "gd2.calls", dimensions: [("name", "a")])
        calls.increment(by: 1)
        calls.increment(by: 3)
        registry.makeRecorder(label: "gd2_up", dimensions: [], aggregate: false).record(Int64(1))
        registry.makeRecorder(label: "gd2_up", dimensions: [], aggregate: false).record(2.5)
        let timer = registry.makeTimer(label: "gd2_request", dimensions: [])
        timer.recordNanoseconds(500_000_000)
        timer.recordNanoseconds(1_500_000_000)
        #expect(
            registry.text() == #"""
                # TYPE gd2_calls counter
                gd2_calls{name="GET\"SPEC\\\n"} 2.0
                gd2_calls{name="a"} 4.0
                # TYPE gd2_request_seconds summary
                gd2_request_seconds_sum 2.0
                gd2_request_seconds_count 2
                # TYPE gd2_up gauge
                gd2_up 2.5

                """#)
    }

    @Test func aLabelThatTakesAnyValueDoesNotFillTheMemory() {
        let registry = PrometheusRegistry()
        for number in 0..<6_000 {
            registry.makeCounter(label: "x", dimensions: [("n", "\(number)")]).increment(by: 1)
        }
        #expect(registry.text().split(separator: "\n").count == 5_000 + 1)
    }
}
