import GlusterModel
import Testing
import Transaction

@Suite struct FenceTableTests {
    private static func fence(_ token: Int64, undo: Bool = false) -> FenceTable.Fence {
        FenceTable.Fence(token: FencingToken(epoch: Epoch(1), token: token), isUndo: undo)
    }

    @Test(
        arguments: [
            (fence(5), true), (fence(6), true), (fence(4), false), (fence(4, undo: true), false),
            (fence(5, undo: true), true),
        ])
    func whatIsOlderIsRefused(fence: FenceTable.Fence, isAdmitted: Bool) throws {
        guard case .newer(let table) = FenceTable().admits(Self.fence(5), for: "a") else {
            throw Refused()
        }
        #expect((table.admits(fence, for: "a") != .refused) == isAdmitted)
        #expect(table.admits(fence, for: "b") != .refused)
    }

    @Test func afterAnUndoNoStepOfTheSameCoordinatorRuns() throws {
        guard case .newer(let table) = FenceTable().admits(Self.fence(5, undo: true), for: "a")
        else { throw Refused() }
        #expect(table.admits(Self.fence(5), for: "a") == .refused)
        #expect(table.admits(Self.fence(5, undo: true), for: "a") == .known)
        #expect(table.admits(Self.fence(6), for: "a") != .refused)
    }

    private struct Refused: Error {}
}
