import RESTAPI
import Testing

@testable import CLICommands

@Suite struct DoctorTextTests {
    @Test func findingsSayWhyAndWhatToType() {
        let findings = [
            FindingInfo(
                code: "PEER_SILENT", severity: "error", kind: "node", name: "h3",
                why: "it does not answer since 12 s", next: "look at the node",
                command: "glustercli peer status"),
            FindingInfo(
                code: "SNAPSHOT_OLD", severity: "warning", kind: "cluster", name: nil,
                why: "the newest snapshot of the store is 50 h old", next: "take one now",
                command: "glustercli cluster snapshot save"),
        ]
        #expect(
            DoctorText.text(DoctorInfo(node: "h1", checks: 47, findings: findings)) == """
                error PEER_SILENT node h3: it does not answer since 12 s
                    look at the node: glustercli peer status
                warning SNAPSHOT_OLD cluster: the newest snapshot of the store is 50 h old
                    take one now: glustercli cluster snapshot save
                1 error and 1 warning: 47 checks as h1 sees the cluster

                """)
    }

    @Test func withoutFindingsTheChecksAreCounted() {
        #expect(
            DoctorText.text(DoctorInfo(node: "h1", checks: 47, findings: []))
                == "no findings: 47 checks as h1 sees the cluster\n")
    }
}
