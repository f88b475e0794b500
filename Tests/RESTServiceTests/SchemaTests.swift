import GlusterModel
import HTTPTypes
import RESTAPI
import StoreAPI
import StoreSchema
import StoreTesting
import Testing

@testable import RESTService

/// What a cluster with programs of several versions may do, and what it says of them.
@Suite struct SchemaTests {
    private static let old = BuildReport(version: "0.0.9", lowest: 1, newest: 1)
    private static let new = SuiteBuild.current.report

    private static func thin(_ name: String) throws -> String {
        """
        {"name": "\(name)", "subvols": [{"type": "replicate", "replica": 2, "bricks": [
            {"peerid": "n1", "path": "/bricks/\(name)1"},
            {"peerid": "n1", "path": "/bricks/\(name)2"}]}],
         "thin-arbiter": "elsewhere:/bricks/ta", "force": true}
        """
    }

    @Test func aThinArbiterWaitsUntilAllProgramsKnowIt() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 7)
            try await rest.write(schema: 1)
            try await rest.write([PeerID(high: 2, low: 2): ["gd2-store": Self.new]])
            let path = "/v1/volumes?dry-run=true"
            let unknown = try await rest.send(.post, path, body: Self.thin("tv"))
            #expect(unknown.status == 409)
            #expect(try unknown.text().contains("n2 (version not known)"))
            try await rest.write([
                PeerID(high: 7, low: 7): ["gd2-store": Self.new, "gd2-rest": Self.old]
            ])
            let closed = try await rest.send(.post, path, body: Self.thin("tv"))
            #expect(closed.status == 409)
            let text = try closed.text()
            #expect(text.contains("thin-arbiter needs schema 2 of the store, which is in 1"))
            #expect(text.contains("n2 (gd2-rest 0.0.9)") && !text.contains("n1 ("))
            try await rest.write(schema: 2)
            let open = try await rest.send(.post, path, body: Self.thin("tv"))
            let said = try open.text()
            #expect(open.status == 200, "\(said)")
        }
    }

    @Test func theClusterSaysWhichProgramsHoldItBack() async throws {
        try await RESTFixture.with { rest in
            try await rest.addPeer("n2", number: 7)
            try await rest.write(schema: 1)
            try await rest.write([
                PeerID(high: 2, low: 2): ["gd2-store": Self.new],
                PeerID(high: 7, low: 7): ["gd2-store": Self.new, "gd2-rest": Self.old],
            ])
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            let schema = try #require(cluster.schema)
            #expect(schema.version == 1 && schema.newest == 2)
            #expect(schema.waitingFor == ["n2 (gd2-rest 0.0.9)"])
            #expect(schema.features.map(\.isOpen) == [false, false, false, false])
            #expect(schema.nodes.map(\.name) == ["n1", "n2"])
            #expect(schema.nodes[1].programs.map(\.name) == ["gd2-rest", "gd2-store"])
            #expect(schema.nodes.flatMap(\.programs).allSatisfy { !$0.refused })
            #expect(cluster.warnings.contains { $0.contains("stays in schema 1 of 2") })
        }
    }

    @Test func theClusterSaysWhichProgramsAreTooOldForIt() async throws {
        try await RESTFixture.with { rest in
            try await rest.write(schema: 2)
            try await rest.write([
                PeerID(high: 2, low: 2): ["gd2-store": Self.new, "gd2-pmap": Self.old]
            ])
            let cluster = try await rest.send(.get, "/v1/cluster").value(ClusterInfo.self)
            let schema = try #require(cluster.schema)
            #expect(schema.waitingFor.isEmpty)
            #expect(schema.features.map(\.isOpen) == [true, true, true, true])
            #expect(schema.nodes[0].programs.map(\.refused) == [true, false])
            #expect(cluster.warnings.contains { $0.hasPrefix("gd2-pmap 0.0.9 on n1 reads") })
        }
    }
}

extension RESTFixture {
    func write(schema: Int) async throws {
        let value = try RecordCoding.encode(StoredSchemaVersion(schema))
        let keys = try await store.identity().keys
        try await put([.put(key: keys.schemaVersion, value: value)])
    }

    fileprivate func write(_ builds: [PeerID: [String: BuildReport]]) async throws {
        let keys = try await store.identity().keys
        try await put(
            builds.map { peer, programs in
                .put(
                    key: keys.builds(of: peer),
                    value: try RecordCoding.encode(StoredBuilds(programs: programs)))
            })
    }
}

extension RESTFixture.Answer {
    fileprivate func text() throws -> String { String(decoding: body, as: UTF8.self) }
}
