import EtcdAPI
import GD2Error
import GRPCCore
import Logging
import Metrics
import ServiceLifecycle
import StoreAPI
import SwiftProtobuf

/// Watches etcd's health and size, raises an alarm before it is full, and makes room when it is.
struct SpaceKeeper: Service {
    let etcd: EtcdConnection
    let state: StoreState
    let quotaBytes: Int
    let log: Logger
    /// Whether this node's etcd is a member: else there is nothing to watch.
    let runsMember: @Sendable () async -> Bool

    private let used = Gauge(label: "gd2_etcd_database_bytes")
    private let up = Gauge(label: "gd2_etcd_up")
    private var quota: UInt64 { UInt64(quotaBytes) }

    init(
        etcd: EtcdConnection, state: StoreState, quotaBytes: Int, log: Logger,
        runsMember: @escaping @Sendable () async -> Bool
    ) {
        self.runsMember = runsMember
        self.etcd = etcd
        self.state = state
        self.quotaBytes = quotaBytes
        self.log = log
    }

    func run() async throws { await cancelWhenGracefulShutdown { await watch() } }

    private func watch() async {
        var reclaimed: ContinuousClock.Instant?
        while !Task.isCancelled {
            var pause = Limits.healthEverySeconds
            guard await runsMember() else {
                do { try await Task.sleep(for: .seconds(pause)) } catch { return }
                continue
            }
            do {
                let isFull = try await look()
                up.record(1)
                // etcd answers nothing while it defragments, so not all the time.
                if isFull, reclaimed.map({ .now - $0 > Limits.reclaimEvery }) ?? true {
                    reclaimed = .now
                    try await reclaim()
                }
            } catch let error as GD2Error {
                log.error("store full", metadata: ["error": "\(error.message)"])
            } catch {
                up.record(0)
                pause = Limits.healthRetrySeconds
            }
            do { try await Task.sleep(for: .seconds(pause)) } catch { return }
        }
    }

    /// Whether etcd refuses writes for want of space.
    private func look() async throws -> Bool {
        let etcdStatus = try await etcd.maintenance.status(.init(), options: EtcdConnection.options)
        let alarms = try await etcd.maintenance.alarm(.init(), options: EtcdConnection.options)
        let bytes = UInt64(max(0, etcdStatus.dbSize))
        used.record(Int64(bytes))
        let isFull = alarms.alarms.contains { $0.alarm == .nospace }
        let alarmed = isFull || bytes * 100 >= quota * Limits.sizeAlarmPercent
        if alarmed && !state.status.spaceAlarm {
            log.error(
                "store nearly full",
                metadata: ["used.bytes": "\(bytes)", "quota.bytes": "\(quota)"])
        }
        state.status.databaseBytes = bytes
        state.status.quotaBytes = quota
        state.status.etcdVersion = etcdStatus.version
        state.status.spaceAlarm = alarmed
        if alarmed, state.status.available {
            state.status.message =
                "the store holds \(bytes) of \(quota) bytes: raise etcd-quota-bytes"
        }
        return isFull
    }

    /// etcd refuses every write from its NOSPACE alarm on, also when most of its file is history:
    /// that is dropped, the file made smaller, and the alarm taken back.
    private func reclaim() async throws {
        var options = EtcdConnection.options
        options.timeout = Limits.reclaim
        let before = try await etcd.maintenance.status(.init(), options: EtcdConnection.options)
        let kept = before.header.revision - Limits.revisionsKeptWhenFull
        if kept > 0 {
            let request = Etcdserverpb_CompactionRequest.with {
                $0.revision = kept
                $0.physical = true
            }
            // Refused when etcd's own compaction was further already.
            _ = try? await etcd.kv.compact(request, options: options)
        }
        _ = try await etcd.maintenance.defragment(.init(), options: options)
        let now = try await etcd.maintenance.status(.init(), options: EtcdConnection.options)
        let bytes = UInt64(max(0, now.dbSize))
        guard bytes * 100 < quota * Limits.reclaimBelowPercent else {
            throw GD2Error(
                .unavailable,
                "\(bytes) of \(quota) bytes are in use, history left out: raise etcd-quota-bytes")
        }
        let alarms = try await etcd.maintenance.alarm(.init(), options: EtcdConnection.options)
        for alarm in alarms.alarms where alarm.alarm == .nospace {
            let request = Etcdserverpb_AlarmRequest.with {
                $0.action = .deactivate
                $0.memberID = alarm.memberID
                $0.alarm = .nospace
            }
            _ = try await etcd.maintenance.alarm(request, options: EtcdConnection.options)
        }
        log.notice(
            "store takes changes again",
            metadata: ["used.bytes": "\(bytes)", "quota.bytes": "\(quota)"])
    }
}
