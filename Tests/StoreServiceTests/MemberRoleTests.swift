import Certificates
import EtcdProcess
import Foundation
import GlusterModel
import Logging
import TemporaryFolder
import Testing

@testable import StoreService

@Suite struct MemberRoleTests {
    /// gd2-store's start on a node that founds its cluster, as often as wanted.
    private struct Node {
        let folder: String
        let identity: NodeIdentity

        init(_ folder: String) throws {
            self.folder = folder
            identity = try NodeIdentity.prepare(directory: folder)
        }

        init(_ folder: String, _ identity: NodeIdentity) {
            self.folder = folder
            self.identity = identity
        }

        func start(external: Bool = false) async throws -> MemberRole {
            var configuration = StoreConfiguration()
            configuration.stateDirectory = folder
            if external { configuration.etcdEndpoints = ["https://10.0.0.5:2379"] }
            let own = ClusterCertificates(stateDirectory: folder, cluster: identity.cluster)
            _ = try own.prepare(
                peer: identity.peer, hosts: ["h1"], isFounding: true, now: Date())
            let role = try MemberRole(
                configuration, identity, local: EtcdCertificates(directory: folder + "/pki"),
                cluster: own, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try await role.begin()
            return role
        }

        var role: RoleFile? {
            get throws { try RoleFile.load(from: StoreDaemon.roleFile(stateDirectory: folder)) }
        }
        var absence: String? { get throws { try role?.absence } }
    }

    private static func with(_ body: (Node) async throws -> Void) async throws {
        try await TemporaryFolder.with { try await body(Node($0 + "/state")) }
    }

    /// gd2-store may end, and be told of an external etcd, before a leader has said anything.
    @Test func theFirstMemberIsRememberedFromItsStart() async throws {
        try await Self.with { node in
            _ = try await node.start()
            let data = node.folder + "/etcd/member"
            try FileManager.default.createDirectory(
                atPath: data, withIntermediateDirectories: true)
            let role = try await node.start(external: true)
            #expect(await role.record?.member == 0)
            // Who comes before the first word of a leader finds an etcd that goes on.
            #expect(await role.record?.digest.split(separator: "/").last == "alone")
            #expect(try node.absence == nil)
            #expect(FileManager.default.fileExists(atPath: data))
            try await role.becomeExternal()
            #expect(try node.absence?.contains("https://10.0.0.5:2379") == true)
            #expect(FileManager.default.fileExists(atPath: node.folder + "/aside/member"))
            let again = try await node.start(external: true)
            #expect(await again.record?.member == nil)
        }
    }

    private static func putLog(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder + "/member/wal", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: folder + "/member/wal/0-0.wal"))
    }

    /// An etcd without it would have an empty store, and all bricks would be ended.
    @Test func aMemberThatHasRunIsNotStartedWithoutItsData() async throws {
        try await Self.with { node in
            let role = try await node.start()
            // Before the first answer there need be none.
            try await role.noteRun(of: 7)
            #expect(await role.dataLoss == nil)
            #expect(try node.role?.loss == nil)
            let data = node.folder + "/etcd"
            try Self.putLog(data)
            try await role.noteRun(of: 7)
            #expect(await role.dataLoss == nil)
            #expect(try node.role?.loss == nil)
            for role in [role, try await node.start()] {
                try FileManager.default.removeItem(atPath: data)
                #expect(await role.dataLoss == EtcdData.loss(of: data))
                #expect(try node.role?.loss == EtcdData.loss(of: data))
                try Self.putLog(data)
                #expect(await role.dataLoss == nil)
                #expect(try node.role?.loss == nil)
            }
        }
    }

    /// Its data is found where it is, and is not put aside.
    @Test func aRecordThatIsGoneIsMadeOfTheDataThatIsThere() async throws {
        try await Self.with { node in
            let data = node.folder + "/etcd-epoch-2"
            try Self.putLog(data)
            var identity = node.identity
            identity.hasStore = true
            try identity.save(directory: node.folder)
            let again = Node(node.folder, identity)
            let role = try await again.start()
            #expect(await role.record?.dataDirectory == "etcd-epoch-2")
            #expect(EtcdData.isThere(data))
            try FileManager.default.removeItem(atPath: data)
            #expect(await role.dataLoss == EtcdData.loss(of: data))
        }
    }

    @Test func aDamagedRoleFileIsWrittenAnew() async throws {
        try await Self.with { node in
            let role = try await node.start()
            let path = StoreDaemon.roleFile(stateDirectory: node.folder)
            let sound = try Data(contentsOf: URL(filePath: path))
            for damage in ["", "{", "[]"] {
                try Data(damage.utf8).write(to: URL(filePath: path))
                #expect(EtcdRunner.isDamaged(path))
                try await role.mendRoleFile()
                #expect(try Data(contentsOf: URL(filePath: path)) == sound)
            }
            try Data("{".utf8).write(to: URL(filePath: path))
            _ = try await node.start()
            #expect(try Data(contentsOf: URL(filePath: path)) == sound)
            try FileManager.default.removeItem(atPath: path)
            #expect(!EtcdRunner.isDamaged(path))
        }
    }

    private static func assignment(
        of member: UInt64, isStarted: Bool
    ) -> MemberRole.Assignment {
        .init(
            member: member, initialCluster: [], certificate: "", memberAuthority: ("", ""),
            nodeAuthority: ("", ""), nextMemberAuthority: ("", ""), nextNodeAuthority: ("", ""),
            digest: "", clusterToken: "", isAlone: false, isStarted: isStarted)
    }

    /// Another machine may have been this peer when the leader looked.
    @Test func aMemberThatRanElsewhereIsRefused() async throws {
        try await Self.with { node in
            let role = try await node.start(external: true)
            await #expect(throws: StoreServiceError.otherData) {
                try await role.run(Self.assignment(of: 7, isStarted: true))
            }
            await #expect(throws: StoreServiceError.notPrepared) {
                try await role.run(Self.assignment(of: 7, isStarted: false))
            }
            // Its own, whose number a founder learns only from the leader.
            let founder = try await node.start()
            await #expect(throws: StoreServiceError.notPrepared) {
                try await founder.run(Self.assignment(of: 7, isStarted: true))
            }
        }
    }

    @Test func aNodeThatNeverRanOneBeginsWithoutOne() async throws {
        try await Self.with { node in
            let role = try await node.start(external: true)
            #expect(await role.record?.member == nil)
            #expect(try node.absence?.contains("https://10.0.0.5:2379") == true)
        }
    }
}
