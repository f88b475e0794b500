import GlusterModel
import Seeded
import Testing

@testable import BrickSupervision

typealias Phase = SupervisedProcess.Phase
typealias Event = SupervisedProcess.Event
typealias Effect = SupervisedProcess.Effect

@Suite struct SupervisedProcessTests {
    private static let up = Event.want(up: true, request: 0)
    private static let down = Event.want(up: false, request: 0)

    /// Events, each a second after the one before; then what the last one did.
    private func run(
        _ events: [Event]
    ) -> (process: SupervisedProcess, effects: [Effect]) {
        var process = SupervisedProcess()
        var effects: [Effect] = []
        for (second, event) in events.enumerated() {
            effects = process.next(on: event, now: .seconds(second))
        }
        return (process, effects)
    }

    @Test(
        arguments: [
            ([up], [Effect.spawn], Phase.spawning, BrickReport.Phase.starting),
            ([down], [], .down(retryAt: nil), .offline),
            ([up, up, .tick], [], .spawning, .starting),
            (
                [up, .spawned(pid: 7)], [], .starting(pid: 7, deadline: .seconds(121)), .starting
            ),
            (
                [up, .spawnFailed("no")], [], .down(retryAt: .seconds(1) + .milliseconds(100)),
                .offline
            ),
            ([up, .spawned(pid: 7), .signedIn], [], .online(pid: 7, since: .seconds(2)), .online),
            (
                [up, .spawned(pid: 7), .exited("died")], [],
                .down(retryAt: .seconds(2) + .milliseconds(100)), .offline
            ),
            ([up, .spawned(pid: 7), .exited("died"), .tick], [.spawn], .spawning, .starting),
            // Unwanted while the launcher has not answered: ended as soon as it is known.
            ([up, down], [], .spawning, .starting),
            ([up, down, .spawnFailed("late")], [], .down(retryAt: nil), .offline),
            (
                [up, down, .spawned(pid: 7)], [.terminate(pid: 7)],
                .stopping(pid: 7, deadline: .seconds(12)), .stopping
            ),
            (
                [up, .spawned(pid: 7), .signedIn, down], [.terminate(pid: 7)],
                .stopping(pid: 7, deadline: .seconds(13)), .stopping
            ),
            (
                [up, .spawned(pid: 7), down, .exited("")], [], .down(retryAt: nil), .offline
            ),
            // Wanted again while it stops: started when it has ended.
            (
                [up, .spawned(pid: 7), down, up], [], .stopping(pid: 7, deadline: .seconds(12)),
                .stopping
            ),
            ([up, .spawned(pid: 7), down, up, .exited("")], [.spawn], .spawning, .starting),
            ([.adopted(pid: 9, isListening: true)], [], .online(pid: 9, since: .zero), .online),
            // Nobody has said yet that it is not wanted.
            (
                [.adopted(pid: 9, isListening: true), .tick], [], .online(pid: 9, since: .zero),
                .online
            ),
            (
                [.adopted(pid: 9, isListening: false), up], [], .starting(pid: 9, deadline: nil),
                .starting
            ),
            (
                [.adopted(pid: 9, isListening: true), down], [.terminate(pid: 9)],
                .stopping(pid: 9, deadline: .seconds(11)), .stopping
            ),
            ([.signedIn], [], .down(retryAt: nil), .offline),
        ] as [([Event], [Effect], Phase, BrickReport.Phase)])
    func aPhaseFollowsFromItsEvents(
        events: [Event], effects: [Effect], phase: Phase, reported: BrickReport.Phase
    ) {
        let (process, last) = run(events)
        #expect(last == effects)
        #expect(process.phase == phase)
        #expect(process.reported == reported)
    }

    @Test func aStartThatHangsIsKilledButNeverWhatRanBefore() {
        var process = run([Self.up, .spawned(pid: 7)]).process
        #expect(process.next(on: .tick, now: .seconds(120)).isEmpty)
        #expect(process.next(on: .tick, now: .seconds(121)) == [.kill(pid: 7)])
        #expect(process.next(on: .tick, now: .seconds(122)).isEmpty)
        var adopted = run([.adopted(pid: 9, isListening: false), Self.up]).process
        #expect(adopted.next(on: .tick, now: .seconds(1_000_000)).isEmpty)
    }

    @Test func aProcessThatDoesNotStopIsKilledAgainAndAgain() {
        var process = run([Self.up, .spawned(pid: 7), Self.down]).process
        #expect(process.next(on: .tick, now: .seconds(11)) == [])
        #expect(process.next(on: .tick, now: .seconds(12)) == [.kill(pid: 7)])
        #expect(process.next(on: .tick, now: .seconds(13)) == [])
        #expect(process.next(on: .tick, now: .seconds(22)) == [.kill(pid: 7)])
    }

    @Test func pausesGrowToTheLastAndFailuresAreReported() {
        var process = SupervisedProcess()
        var now = Duration.zero
        for failure in 0..<12 {
            #expect(process.next(on: Self.up, now: now) == [.spawn])
            #expect(process.next(on: .spawned(pid: 7), now: now) == [])
            #expect(process.reported == (failure < 4 ? .starting : .failed))
            #expect(process.next(on: .exited("died"), now: now) == [])
            let pause = Limits.backOff[min(failure, Limits.backOff.count - 1)]
            #expect(process.phase == .down(retryAt: now + pause))
            #expect(process.message == "died")
            #expect(process.next(on: Self.up, now: now + pause - .milliseconds(1)) == [])
            #expect(process.reported == (failure < 3 ? .offline : .failed))
            now += pause
        }
        #expect(process.failures == 12)
    }

    /// One that is wanted and has died five times in a row.
    private func failed() -> SupervisedProcess {
        var process = SupervisedProcess()
        for _ in 0..<5 {
            _ = process.next(on: Self.up, now: .seconds(1_000))
            _ = process.next(on: .spawned(pid: 7), now: .seconds(1_000))
            _ = process.next(on: .exited("died"), now: .zero)
        }
        return process
    }

    @Test func aRaisedRequestTriesAtOnceWithoutItsFailures() {
        var process = failed()
        #expect(process.failures == 5)
        #expect(process.next(on: .want(up: true, request: 1), now: .zero) == [.spawn])
        #expect(process.failures == 0)
        // The same request said again is no new one.
        _ = process.next(on: .spawnFailed("no"), now: .zero)
        #expect(process.next(on: .want(up: true, request: 1), now: .zero) == [])
    }

    /// As after a stop, a repair and a start.
    @Test func whatIsWantedAnewHasNoFailuresBehindIt() {
        var process = failed()
        #expect(process.reported == .failed)
        #expect(process.next(on: Self.down, now: .zero) == [])
        #expect(process.message.isEmpty && process.reported == .offline)
        #expect(process.next(on: Self.up, now: .zero) == [.spawn])
        #expect(process.reported == .starting)
    }

    @Test func failuresAreForgottenAfterAHealthyTime() {
        var process = run([Self.up, .spawnFailed("no"), .tick, .spawned(pid: 7), .signedIn]).process
        #expect(process.failures == 1)
        _ = process.next(on: .tick, now: .seconds(4 + 60))
        #expect(process.failures == 1)
        _ = process.next(on: .tick, now: .seconds(4 + 61))
        #expect(process.failures == 0)
    }

    /// A launcher that answers late or fails, processes that die, wishes that change.
    @Test(arguments: [1, 2, 3, 5, 8, 13, 21, 34])
    func nothingRunsTwiceAndAllComesToRest(seed: UInt64) {
        var world = World(generator: SplitMix(seed: seed))
        for _ in 0..<5_000 { world.step() }
        for isWanted in [true, false, true] {
            world.rest(isWanted)
            #expect(world.process.isConverged, "seed \(seed)")
            #expect(world.running.count == (isWanted ? 1 : 0), "seed \(seed)")
            #expect(!world.process.isRestless, "seed \(seed)")
        }
    }
}

/// One brick's processes and their launcher.
private struct World {
    var process = SupervisedProcess()
    var generator: SplitMix
    var running: Set<Int32> = []
    private var now = Duration.zero
    private var spawns = 0
    private var pidNext: Int32 = 1
    private var terminating: Set<Int32> = []
    private var request = 0

    init(generator: SplitMix) { self.generator = generator }

    mutating func step() {
        now += .milliseconds(Int64.random(in: 1...3_000, using: &generator))
        switch Int.random(in: 0...7, using: &generator) {
        case 0: tell(.tick)
        case 1:
            if Bool.random(using: &generator) { request += 1 }
            tell(.want(up: Bool.random(using: &generator), request: request))
        case 2 where spawns > 0: spawned(ok: Bool.random(using: &generator))
        case 3 where !running.isEmpty: tell(.signedIn)
        case 4: if let pid = running.first, terminating.contains(pid) { end(pid) }
        case 5: if let pid = running.first { end(pid) }
        default: break
        }
    }

    /// Nothing fails any more.
    mutating func rest(_ isWanted: Bool) {
        for _ in 0..<40 {
            now += .seconds(5)
            tell(.want(up: isWanted, request: request))
            while spawns > 0 { spawned(ok: true) }
            if let pid = running.first, terminating.contains(pid) { end(pid) }
            if !running.isEmpty { tell(.signedIn) }
        }
    }

    private mutating func spawned(ok: Bool) {
        spawns -= 1
        guard ok else { return tell(.spawnFailed("no")) }
        running.insert(pidNext)
        pidNext += 1
        tell(.spawned(pid: pidNext - 1))
    }

    private mutating func end(_ pid: Int32) {
        running.remove(pid)
        tell(.exited("died"))
    }

    private mutating func tell(_ event: SupervisedProcess.Event) {
        defer { expectThatOnlyTheRestlessNeedTime() }
        for effect in process.next(on: event, now: now) {
            switch effect {
            case .spawn: spawns += 1
            case .terminate(let pid), .kill(let pid):
                #expect(running.contains(pid), "a signal to a process that is gone")
                terminating.insert(pid)
            }
        }
        #expect(running.count + spawns <= 1, "two at once")
        #expect(process.pid.map { running.contains($0) } ?? true)
    }

    private mutating func expectThatOnlyTheRestlessNeedTime() {
        guard !process.isRestless else { return }
        var later = process
        let moment = now + .seconds(Int64.random(in: 0...10_000, using: &generator))
        #expect(later.next(on: .tick, now: moment).isEmpty)
        #expect(later == process)
    }
}
