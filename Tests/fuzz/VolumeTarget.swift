import FoundationEssentials
import GD2Error
import GlusterModel
import Placement
import RESTAPI
import Volgen
import VolumeOptions

@testable import RESTService
@testable import Volfile

/// From the body of a creation to volfiles.
enum VolumeTarget {
    private static let peers = (1...4).map { PeerID(high: 0, low: $0) }
    private static let table = OptionTable.standard

    static func seeds() -> [[UInt8]] {
        [
            #"{"name":"gv9","transport":"tcp","force":false,"thin-arbiter":"n3:/ta","#
                + #""options":{"performance.cache-size":"1MB"},"metadata":{"new":"/d/new"},"#
                + #""flags":{"reuse-bricks":true},"subvols":[{"type":"replicate","replica":2,"#
                + #""arbiter":0,"bricks":[{"peerid":"a","path":"/disk1/b"},"#
                + #"{"peerid":"b","path":"/disk2/b"}]}]}"#,
            #"{"name":"v","force":true,"subvols":[{"type":"","bricks":[{"peerid":"a","#
                + #""path":"/d/a"},{"peerid":"a","path":"/d/b"}]}]}"#,
            #"{"name":"d","subvols":[{"type":"disperse","disperse-count":3,"disperse-data":2,"#
                + #""disperse-redundancy":1,"bricks":[{"peerid":"a","path":"/d/a"},"#
                + #"{"peerid":"b","path":"/d/b"},{"peerid":"c","path":"/d/c"}]}]}"#,
        ].map { Array($0.utf8) }
    }

    static func run(_ bytes: [UInt8]) {
        guard let request = try? JSONDecoder().decode(VolCreateReq.self, from: Data(bytes)),
            let name = try? VolumeName(validating: request.name),
            (try? UserMetadata.check(request.metadata ?? [:])) != nil,
            let topology = topology(request)
        else { return }
        checkTopology(topology)
        checkReplacement(in: topology, by: request.metadata?["new"] ?? "/disk3/b")
        var volume = volume(name, topology)
        guard let values = try? table.validate(request.options ?? [:], of: volume) else { return }
        volume.options.merge(values) { $1 }
        checkVolfiles(of: volume)
    }

    /// One of each layout.
    static let volumes: [Volume] = {
        let layouts: [SubvolumeLayout] = [
            .distribute, .replicate(copies: 2, arbiter: true), .disperse(bricks: 3, redundancy: 1),
        ]
        return layouts.compactMap { layout in
            guard let name = try? VolumeName(validating: "gv0"),
                let path = try? BrickPath(validating: "/bricks/b1")
            else { return nil }
            let bricks = (0..<layout.bricksCount).map { index in
                Brick(
                    id: BrickID(high: 9, low: UInt64(index)), peer: peers[index], path: path,
                    index: index, isArbiter: layout != .distribute && index == 2)
            }
            return volume(name, Topology(layout: layout, bricks: bricks))
        }
    }()

    private static func volume(_ name: VolumeName, _ topology: Topology) -> Volume {
        let head = VolumeHead(
            id: VolumeID(high: 7, low: 7), name: name, state: .created, generation: 1,
            bricksCount: topology.bricks.count, digest: "")
        return Volume(
            head: head, topology: topology, options: CreateOptions.options(for: topology.layout))
    }

    /// As gd2-rest makes it; whatever names a peer names one of four.
    private static func topology(_ request: VolCreateReq) -> Topology? {
        var subvolumes: [VolumeWish.Subvolume] = []
        for subvolume in request.subvols ?? [] {
            var bricks: [VolumeWish.BrickWish] = []
            for brick in subvolume.bricks {
                guard let path = try? BrickPath(validating: brick.path) else { return nil }
                let number = brick.peerid.utf8.reduce(0) { ($0 + Int($1)) % peers.count }
                bricks.append(.init(peer: peers[number], path: path))
            }
            var wish = VolumeWish.Subvolume(type: subvolume.type, bricks: bricks)
            (wish.copies, wish.arbiters) = (subvolume.replica, subvolume.arbiter)
            wish.disperse = subvolume.disperseCount
            wish.disperseData = subvolume.disperseData
            wish.redundancy = subvolume.disperseRedundancy
            subvolumes.append(wish)
        }
        var wish = VolumeWish(subvolumes: subvolumes, force: request.force ?? false)
        if let text = request.thinArbiter, let path = try? BrickPath(validating: text) {
            wish.thinArbiter = .peer(.init(peer: peers[3], path: path))
        }
        var generator = Row()
        do throws(PlacementError) {
            return try Placement.topology(for: wish, using: &generator)
        } catch {
            check(error.description.utf8.count <= 16_384, "a refusal is short")
            return nil
        }
    }

    private static func checkTopology(_ topology: Topology) {
        let size = topology.layout.bricksCount
        check(!topology.bricks.isEmpty, "a volume has bricks")
        check(topology.subvolumes.allSatisfy { $0.count == size }, "sets are of one size")
        let all = topology.allBricks
        for (number, one) in all.enumerated() {
            for other in all[(number + 1)...] where one.peer == other.peer {
                let (first, second) = (below(one.path), below(other.path))
                check(
                    !first.starts(with: second) && !second.starts(with: first),
                    "no brick is below another: \(one.path) \(other.path)")
            }
        }
    }

    private static func checkReplacement(in topology: Topology, by text: String) {
        guard let path = try? BrickPath(validating: text) else { return }
        var generator = Row()
        for (number, old) in topology.bricks.prefix(3).enumerated() {
            let place = VolumeWish.BrickWish(peer: peers[number], path: path)
            let replacement = try? Replacement(
                of: old, in: topology, by: place, force: true, using: &generator)
            guard let replacement else { continue }
            checkTopology(replacement.topology)
            check(replacement.new.index == old.index, "the new brick has the old one's index")
        }
    }

    private static func below(_ path: BrickPath) -> [UInt8] { Array("\(path)/".utf8) }

    /// Each is read back equal, so nothing in it was left out.
    static func checkVolfiles(of volume: Volume) {
        let context = VolgenContext(
            hosts: Dictionary(uniqueKeysWithValues: peers.map { ($0, "n\($0.low)") }),
            credentials: TrustedCredentials(username: "u", password: "p"))
        let roles: [VolfileRole] = [.client, .brick(index: 0), .thinArbiter, .selfHeal]
        for role in roles {
            guard
                let volfile = try? Volgen(table: table).volfile(
                    of: volume, for: role, audience: Audience(isTrusted: true), context: context)
            else { continue }
            do {
                let again = try Volfile(parsing: volfile.text)
                check(again == volfile, "\(role): what is written is read equal")
            } catch { never(error, "\(role): what is written is read") }
        }
    }
}

/// The same numbers for the same input.
private struct Row: RandomNumberGenerator {
    private var number: UInt64 = 0

    mutating func next() -> UInt64 {
        number += 1
        return number
    }
}
