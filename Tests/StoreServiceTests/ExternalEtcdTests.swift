import GlusterModel
import Testing

@testable import StoreService

struct ExternalEtcdTests {
    private static func problems(_ change: (inout StoreConfiguration) -> Void) -> [String] {
        var configuration = StoreConfiguration()
        change(&configuration)
        return configuration.problems()
    }

    @Test(arguments: [
        ("https://10.0.0.5:2379", "https://10.0.0.5:2379", false),
        ("https://etcd1", "https://etcd1:2379", false),
        ("https://[fd00::5]:2379/", "https://[fd00::5]:2379", false),
        ("http://127.0.0.1:2379", "http://127.0.0.1:2379", true),
        ("http://[::1]:2379", "http://[::1]:2379", true),
        ("http://localhost:2379", "http://localhost:2379", true),
        ("http://127.example.org:2379", "http://127.example.org:2379", false),
    ])
    func anEndpointIsRead(text: String, meant: String, isLoopback: Bool) throws {
        let url = try #require(EndpointURL(text))
        #expect(url.description == meant)
        #expect(url.isLoopback == isLoopback)
        let isTaken = Self.problems { $0.etcdEndpoints = [text] }.isEmpty
        #expect(isTaken == (url.isEncrypted || isLoopback))
    }

    @Test(arguments: [
        "", "10.0.0.5:2379", "ftp://h:1", "https://", "https://h:0", "https://h:x",
        "https://h:1/v3",
        "https://u@h:1", "https://h:1,https://i:1",
    ])
    func whatIsNoEndpointIsRefused(text: String) {
        #expect(EndpointURL(text) == nil)
        let problems = Self.problems { $0.etcdEndpoints = [text] }
        #expect(problems == ["etcd-endpoints \"\(text)\" is not https://HOST:PORT"])
    }

    @Test func plainTextGoesToThisHostAloneUnlessAskedFor() {
        let text = "http://10.0.0.5:2379"
        let problems = Self.problems { $0.etcdEndpoints = [text] }
        #expect(problems.count == 1)
        #expect(problems.first?.contains("set etcd-insecure = true") == true)
        #expect(
            Self.problems {
                $0.etcdEndpoints = [text]
                $0.etcdInsecure = true
            }.isEmpty)
    }

    @Test func settingsThatDoNotFitTogetherAreNamed() {
        let endpoints = ["https://a:1", "https://a:1"]
        #expect(
            Self.problems { $0.etcdEndpoints = endpoints }
                == ["etcd-endpoints names one of them twice"])
        #expect(
            Self.problems { $0.etcdCa = "/ca.pem" } == ["etcd-ca is set, but no etcd-endpoints"])
        #expect(
            Self.problems {
                $0.etcdEndpoints = ["https://a:1"]
                $0.etcdKey = "key.pem"
            } == [
                "etcd-key \"key.pem\" is no absolute path",
                "etcd-certificate and etcd-key go together: one of them is empty",
            ])
        #expect(
            Self.problems { $0.etcdEndpoints = (1...17).map { "https://h\($0):1" } }
                == ["etcd-endpoints are 17, more than 16"])
    }

    // MARK: Admission

    private static let cluster = ClusterID(high: 9, low: 9)

    private static func admission(
        _ etcd: String? = nil, epoch: UInt64 = 4, ownData: Bool = false, joined: Bool = false,
        found: String = "aa", stored: UInt64?
    ) throws -> Admission {
        Admission.of(
            .init(etcd: found, epoch: stored.map { Epoch($0) }),
            for: .init(
                cluster: cluster, epoch: Epoch(epoch), etcd: etcd,
                hasOwnData: ownData, hasJoined: joined, stateDirectory: "/s"))
    }

    private static func refusal(_ admission: Admission) -> String {
        guard case .refused(let why) = admission else { return "\(admission)" }
        return why
    }

    @Test func aClusterBeginsOnlyWhereNothingCanBeLost() throws {
        #expect(try Self.admission(stored: nil) == .founding)
        let own = Self.refusal(try Self.admission(ownData: true, stored: nil))
        #expect(own.contains("copy it there first"))
        #expect(own.contains("remove all that is in /s"))
        #expect(
            Self.refusal(try Self.admission(joined: true, stored: nil)).contains(
                "another etcd (id aa)"))
        #expect(Self.refusal(try Self.admission("bb", stored: nil)).contains("as etcd bb has"))
        #expect(Self.refusal(try Self.admission("aa", stored: nil)).contains("it has lost cluster"))
    }

    @Test func theSameEtcdStaysAdmittedWhateverItsEpoch() throws {
        for epoch in [UInt64(3), 4, 5] {
            #expect(try Self.admission("aa", stored: epoch) == .admitted)
        }
    }

    @Test func aFounderTakesWhatItFounded() throws {
        #expect(try Self.admission(stored: 4) == .taken)
    }

    /// A copy that nobody has said to be the one is not taken: it may be old.
    @Test func anotherEtcdIsTakenByANewerEpochAlone() throws {
        for (etcd, own) in [("bb", false), (nil, true)] {
            #expect(try Self.admission(etcd, ownData: own, stored: 5) == .taken)
            for epoch in [UInt64(3), 4] {
                let why = Self.refusal(try Self.admission(etcd, ownData: own, stored: epoch))
                #expect(why.contains("cluster/epoch '{\"schema\":1,\"epoch\":5}'"))
            }
        }
        #expect(try Self.admission(joined: true, stored: 5) == .taken)
        #expect(Self.refusal(try Self.admission(joined: true, stored: 4)).contains("so far"))
    }
}
