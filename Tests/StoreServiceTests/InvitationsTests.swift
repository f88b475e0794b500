import FoundationEssentials
import Testing

@testable import StoreService

@Suite struct InvitationsTests {
    private struct Refused: Error {}

    private let now = Date(timeIntervalSince1970: 1_000)
    private let invitations = Invitations()

    @Test func anInvitationServesOnce() async throws {
        invitations.add("key", until: now.addingTimeInterval(60))
        #expect(invitations.isOpen("key", now: now))
        #expect(!invitations.isOpen("other", now: now))
        let first = try await invitations.use("key", now: now) { [invitations] in
            // Nobody else comes in by it meanwhile.
            #expect(!invitations.isOpen("key", now: now))
            return 1
        }
        #expect(first == 1)
        #expect(try await invitations.use("key", now: now) { 2 } == nil)
    }

    @Test func whoIsRefusedMayTryAgain() async throws {
        invitations.add("key", until: now.addingTimeInterval(60))
        await #expect(throws: Refused.self) {
            try await invitations.use("key", now: now) { throw Refused() }
        }
        #expect(try await invitations.use("key", now: now) { 1 } == 1)
    }

    @Test func anInvitationEnds() async throws {
        invitations.add("key", until: now.addingTimeInterval(60))
        let later = now.addingTimeInterval(61)
        #expect(!invitations.isOpen("key", now: later))
        #expect(try await invitations.use("key", now: later) { 1 } == nil)
        invitations.add("key", until: now.addingTimeInterval(60))
        invitations.end("key")
        #expect(!invitations.isOpen("key", now: now))
    }
}
