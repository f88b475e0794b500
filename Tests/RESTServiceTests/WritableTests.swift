import HTTPTypes
import RESTAPI
import StoreAPI
import Testing

@testable import RESTService

/// Whether the store takes changes, as gd2-store says it.
@Suite struct WritableTests {
    @Test func aRefusalKeepsItsReasonWhenItIsNotRepeatedInTime() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(
                status: StoreStatus(available: false, message: "the reason stands here"))
            await rest.cluster.set(statusAnswers: 1)
            let answer = try await rest.send(.post, "/v1/peers/n1", body: #"{"zone":"z1"}"#)
            #expect(answer.status == 503)
            let message = try answer.error().errors.first?.message ?? ""
            #expect(message.contains("the reason stands here"), "\(message)")
        }
    }

    @Test func changesInQuickSuccessionAskOnceAndLaterOnesAnew() async throws {
        try await RESTFixture.with { rest in
            let before = await rest.cluster.statusAsked
            let began = ContinuousClock.now
            for zone in ["z1", "z2"] {
                let body = "{\"zone\":\"\(zone)\"}"
                #expect(try await rest.send(.post, "/v1/peers/n1", body: body).status == 200)
            }
            let quick = await rest.cluster.statusAsked - before
            // A busy machine may need longer for them.
            #expect(quick == 1 || .now - began >= Limits.writableFor)
            try await Task.sleep(for: Limits.writableFor * 2)
            _ = try await rest.send(.post, "/v1/peers/n1", body: #"{"zone":"z3"}"#)
            #expect(await rest.cluster.statusAsked > before + quick)
        }
    }

    @Test func aChangeWaitsForWhatWillPass() async throws {
        try await RESTFixture.with { rest in
            await rest.cluster.set(
                status: StoreStatus(
                    available: false, message: "the voters choose who leads", isPassing: true))
            async let answer = rest.send(.post, "/v1/peers/n1", body: #"{"zone":"z1"}"#)
            // Longer than one waits who is refused.
            try await Task.sleep(for: Limits.refusalGrace * 3)
            await rest.cluster.set(status: StoreStatus(available: true, message: ""))
            #expect(try await answer.status == 200)
        }
    }
}
