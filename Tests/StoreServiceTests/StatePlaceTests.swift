import EtcdProcess
import FoundationEssentials
import TemporaryFolder
import Testing

struct EtcdGateTests {
    private let place = StatePlace(addresses: ["10.0.0.2"])
    private let long = EtcdGate.storeWait

    private func isOpen(
        _ place: StatePlace?, isServed: Bool, isHere: Bool, waited: Duration
    ) -> Bool {
        EtcdGate.now(place, isServed: isServed, isHere: isHere, waited: waited) == .open
    }

    @Test func etcdStartsWhereStoreActsAsThePeer() {
        #expect(isOpen(place, isServed: true, isHere: true, waited: .zero))
        // The addresses may have changed since.
        #expect(isOpen(place, isServed: true, isHere: false, waited: .zero))
        #expect(isOpen(nil, isServed: true, isHere: false, waited: .zero))
    }

    @Test func onItsOwnMachineItDoesNotWaitForStoreForEver() {
        #expect(!isOpen(place, isServed: false, isHere: true, waited: .zero))
        #expect(isOpen(place, isServed: false, isHere: true, waited: long))
    }

    @Test func onAnotherMachineItWaitsForStore() {
        #expect(!isOpen(place, isServed: false, isHere: false, waited: long * 100))
        #expect(!isOpen(nil, isServed: false, isHere: false, waited: long * 100))
    }

    @Test func aRefusalHoldsWhateverElseIsSo() {
        let refused = StatePlace(addresses: [], refusal: "it runs elsewhere", rival: "h2:24008")
        #expect(
            EtcdGate.now(refused, isServed: true, isHere: true, waited: long)
                == .closed("it runs elsewhere"))
    }
}

struct StatePlaceTests {
    @Test func addressesOfThisMachineAreKnown() {
        #expect(StatePlace.isOwn("127.0.0.1"))
        #expect(!StatePlace.isOwn("192.0.2.1"))
        #expect(!StatePlace.isOwn("2001:db8::1"))
        #expect(!StatePlace.isOwn("a name"))
    }

    @Test func allAddressesHaveToBeThere() {
        let place = StatePlace(addresses: ["10.0.0.2", "172.17.0.1"])
        #expect(place.isHere(["10.0.0.2", "172.17.0.1", "10.0.0.3"]))
        // Many machines have a bridge of that address.
        #expect(!place.isHere(["10.0.0.4", "172.17.0.1"]))
    }

    @Test func aDamagedFileIsNone() throws {
        try TemporaryFolder.with { folder in
            #expect(StatePlace.load(folder) == nil)
            #expect(StatePlace.damage(folder) == nil)
            let place = StatePlace(addresses: ["10.0.0.2"], refusal: "why", rival: "10.0.0.9:24008")
            try place.save(folder)
            #expect(StatePlace.load(folder) == place)
            #expect(StatePlace.damage(folder) == nil)
            try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/place.json"))
            #expect(StatePlace.load(folder) == nil)
            #expect(StatePlace.damage(folder) != nil)
        }
    }
}
