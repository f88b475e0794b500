import GlusterModel
import OldTopology
import Testing

@Suite struct FencingTests {
    private static func holder(_ number: UInt64, _ contact: Fencing.Contact) -> Fencing.Holder {
        Fencing.Holder(peer: PeerID(high: 1, low: number), name: "h\(number)", contact: contact)
    }

    private static let silent = Fencing.Contact.silent(seconds: 12, why: "timed out")

    private static func fences(_ numbers: [UInt64]) -> [PeerID: String] {
        Dictionary(uniqueKeysWithValues: numbers.map { (PeerID(high: 1, low: $0), "h\($0)") })
    }

    @Test func nobodyIsFencedWhereAllFollow() throws {
        let holders = [Self.holder(1, .follows), Self.holder(2, .follows)]
        let fencing = try Fencing(of: holders, fences: [:])
        #expect(fencing.fenced.isEmpty && fencing.following == holders)
    }

    @Test func whoIsSilentAndNamedIsFenced() throws {
        let holders = [Self.holder(2, Self.silent), Self.holder(1, .follows)]
        let fencing = try Fencing(of: holders, fences: Self.fences([2]))
        #expect(fencing.fenced.map(\.name) == ["h2"] && fencing.following.map(\.name) == ["h1"])
    }

    @Test(
        arguments: [
            // Each that is silent has to be named.
            (
                [holder(1, .follows), holder(2, silent)], [],
                "h2 does not answer since 12 s (timed out)"
            ),
            ([holder(1, .follows), holder(2, silent)], [], "say so with --fence h2"),
            ([holder(2, silent), holder(3, silent)], [2], "say so with --fence h3"),
            ([holder(2, silent), holder(3, silent)], [], "--fence h2 --fence h3"),
            ([holder(2, .silent(seconds: nil, why: ""))], [], "h2 does not answer, and has bricks"),
            // One that answers is not fenced, whatever else it is.
            (
                [holder(1, .follows), holder(2, .follows)], [2],
                "h2 answers, so nothing is to be fenced"
            ),
            ([holder(1, .hasNoStore)], [1], "h1 answers, so nothing is to be fenced"),
            // Nor is one that holds nothing.
            ([holder(1, .follows)], [9], "h9 has no brick of the volume"),
            // One that answers and has no store would miss the change.
            ([holder(1, .follows), holder(2, .hasNoStore)], [], "h2 answers, and does not reach"),
        ] as [([Fencing.Holder], [UInt64], String)])
    func othersAreRefused(holders: [Fencing.Holder], fences: [UInt64], says: String) {
        let refusal = #expect(throws: Fencing.Refusal.self) {
            try Fencing(of: holders, fences: Self.fences(fences))
        }
        #expect(refusal?.description.contains(says) == true, "\(refusal?.description ?? "")")
    }

    @Test func theDangerAndBothWaysOutAreSaid() {
        let text = Fencing.Refusal.unfenced([Self.holder(3, Self.silent)]).description
        #expect(text.contains("would give clients the old topology"))
        #expect(text.contains("Either start it first, or power it off"))
        #expect(text.contains("no client reaches it"))
    }
}
