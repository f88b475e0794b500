import GRPCCore
import Testing

@testable import StoreAPI

@Suite struct StoreErrorTests {
    @Test(arguments: [
        (RPCError.Code.unavailable, "Stream unexpectedly closed."),
        (.unavailable, "Stream unexpectedly closed: received RST_STREAM frame (0x8: cancel)."),
        (.internalError, "Server sent EOS alongside a data frame, but server is only allowed to"),
    ])
    func anAnswerThatBreaksOffIsSaidInOurWords(code: RPCError.Code, message: String) {
        let error = StoreError(RPCError(code: code, message: message))
        #expect(error == .unavailable("gd2-store ended in the middle of an answer"))
    }

    @Test func whatStoreSaysIsKept() {
        let said = "2 of 3 voters are needed, 1 answers"
        #expect(StoreError(RPCError(code: .unavailable, message: said)) == .unavailable(said))
        #expect(StoreError(RPCError(code: .permissionDenied, message: said)) == .denied(said))
        #expect(StoreError(RPCError(code: .deadlineExceeded, message: said)) == .timedOut)
    }
}
