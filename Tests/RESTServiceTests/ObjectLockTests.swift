import FoundationEssentials
import GD2Error
import GlusterModel
import StoreAPI
import Testing

@testable import RESTService

/// What is said of a lock that somebody has.
@Suite struct ObjectLockTests {
    private static let session = IncarnationID(high: 1, low: 1)
    private static let peer = PeerID(high: 2, low: 2)
    private static let since = Date(timeIntervalSince1970: 1_700_000_000)

    private static func holder(peer: PeerID?, job: JobID?) -> ObjectLock.Holder {
        ObjectLock.Holder(
            session: session, operation: "create-volume", since: since, peer: peer, job: job)
    }

    @Test func itIsSaidWhoHasItWhereSinceWhenAndWhatToDo() {
        let job = JobID(high: 3, low: 3)
        let error = Self.holder(peer: Self.peer, job: job)
            .conflict("volume/gv0", peerName: "n2", isOurs: true, now: Self.since + 12)
        #expect(error.code == .conflict)
        #expect(
            error.message == "volume gv0 is locked by another change (create-volume, on n2, "
                + "since 12 s, job \(job)): glustercli job wait \(job), then try again")
        #expect(error.fields["peer"] == "n2" && error.fields["job"] == "\(job)")
        #expect(error.fields["peer-id"] == "\(Self.peer)")
        #expect(error.fields["since"] == "2023-11-14T22:13:20Z")
    }

    @Test(arguments: [
        (5.0, "since 5 s by that node's clock"), (-5, "that node's clock is 5 s ahead"),
    ])
    func anAgeByTwoClocksSaysSo(seconds: Double, text: String) {
        let error = Self.holder(peer: Self.peer, job: nil)
            .conflict("volume/gv0", peerName: "n2", isOurs: false, now: Self.since + seconds)
        #expect(error.message.contains(text))
    }

    /// Locks of versions before, and of versions after this one.
    @Test(arguments: [
        #"{"schema":1,"session":"\#(session)","operation":"x","since":0}"#,
        #"{"schema":2,"session":"\#(session)","operation":"x","since":0,"lane":[1]}"#,
    ])
    func aLockOfAnotherVersionIsRead(json: String) throws {
        let holder = try RecordCoding.decode(ObjectLock.Holder.self, from: Array(json.utf8))
        #expect(holder.peer == nil && holder.job == nil)
        let error = holder.conflict("volume/gv0", peerName: nil, isOurs: false, now: Self.since)
        #expect(error.message.contains("wait for it"))
    }
}
