import GD2Error
import GlusterModel
import Testing

@testable import StoreService

/// Whom a cluster does not let in beside its peers, and what the administrator is told.
@Suite struct JoinConflictTests {
    private let first = Peer(
        id: PeerID(high: 1, low: 1), name: "h1", addresses: ["h1", "10.0.0.1"],
        clientAddresses: [])

    private func refusal(_ id: UInt64, _ name: String, _ address: String) -> String? {
        Joins.conflict(PeerID(high: id, low: 1), name, [address], among: [first])?.message
    }

    @Test func aNodeOfItsOwnIdNameAndAddressIsLetIn() {
        #expect(refusal(2, "h2", "10.0.0.2") == nil)
    }

    @Test func aCopyOfAPeerIsTheOthersId() throws {
        let said = try #require(refusal(1, "h4", "10.0.0.4"))
        #expect(said.contains("is h1's already: h4 is a copy of it"))
        #expect(said.contains("identity.json"))
    }

    /// Its first join was done, and the answer was lost.
    @Test func whoseJoinWasCutOffIsToldHowToJoinAgain() throws {
        let said = try #require(refusal(1, "h1", "10.0.0.1"))
        #expect(said.contains("glustercli peer remove h1 --force"))
        #expect(said.contains("identity.json"))
    }

    @Test(arguments: [("h1", "10.0.0.9"), ("h9", "10.0.0.1")])
    func anOtherNodesNameOrAddressIsRefused(name: String, address: String) throws {
        #expect(try #require(refusal(2, name, address)).contains("glustercli peer remove h1"))
    }
}
