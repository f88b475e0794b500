import GlusterModel
import Testing

@testable import BrickService

/// What a node says of its volumes, and when.
@Suite struct ReporterTests {
    @Test(arguments: [
        (VolumeState.started, true, BrickReport.Phase.online, false),
        (.started, false, .starting, true), (.started, false, .failed, false),
        (.stopped, true, .offline, false), (.stopped, false, .stopping, true),
        (.created, true, .offline, true),
    ])
    func whoWaitsIsToldAtOnce(
        state: VolumeState, converged: Bool, phase: BrickReport.Phase, passes: Bool
    ) {
        let report = VolumeReport(
            volume: VolumeID(high: 1, low: 1), bootID: "b",
            incarnation: IncarnationID(high: 1, low: 1), headRevision: 1, converged: converged,
            bricks: [BrickReport(index: 0, path: "/b", phase: phase)])
        #expect(report.passes(of: state) == passes)
    }
}
