import Testing
import VolumeOptions

/// What `volume set help` says of options.
@Suite struct DescriptionTests {
    private let table = OptionTable.standard

    @Test(arguments: [
        "auth.allow", "auth.reject", "client.ssl", "server.ssl", "performance.write-behind",
        "performance.read-ahead", "performance.readdir-ahead", "performance.io-cache",
        "performance.open-behind", "performance.quick-read", "performance.nl-cache",
        "performance.stat-prefetch", "performance.client-io-threads",
        "performance.qr-cache-timeout", "transport.listen-backlog", "features.uss",
        "features.snapshot-directory", "network.compression", "config.gfproxyd",
        "cluster.brick-multiplex", "cluster.enable-shared-storage",
        "cluster.max-bricks-per-process",
    ])
    func whatGlusterdDescribesIsDescribed(key: String) {
        #expect(table.entry(key)?.description?.hasSuffix(".") == true)
    }

    @Test func theQuorumOfServersSaysThatItHasNoEffect() {
        let text = table.entry("cluster.server-quorum-type")?.description
        #expect(text?.contains("no effect: bricks go on without the quorum of servers") == true)
    }

    @Test func ourDescriptionStandsWhereTheXlatorHasNone() {
        var option = XlatorOption(keys: ["cache-timeout"], type: .int)
        let key = "performance.qr-cache-timeout"
        let installed = { InstalledOptions(xlators: ["performance/quick-read": [option]]) }
        #expect(
            table.merging(installed()).entry(key)?.description == table.entry(key)?.description)
        option.description = "its own"
        #expect(table.merging(installed()).entry(key)?.description == "its own")
    }

    @Test(arguments: [
        ("cluster.rebal-throttle", "lazy, normal, aggressive or a number of threads"),
        ("features.trash-dir", "a name other than . and .., without /"),
        ("features.snapshot-directory", "a dot and 1 to 254 letters"),
        ("auth.allow", "separated by commas, without blanks"),
    ])
    func aFormOfItsOwnIsWhatTheOptionTakes(key: String, text: String) {
        #expect(table.kind(of: key)?.expectation.contains(text) == true)
    }

    @Test(arguments: [
        "ssl.own-cert", "ssl.private-key", "ssl.ca-list", "ssl.crl-path", "ssl.certificate-depth",
        "ssl.cipher-list", "ssl.dh-param", "ssl.ec-curve", "server.ssl",
    ])
    func whatABrickReadsOnceNeedsARestart(key: String) {
        #expect(table.entry(key) != nil)
        #expect(table.needsBrickRestart(key))
    }
}
