public import GlusterModel

/// The options that GD1 sets on every new volume, so that old and new volumes behave alike.
public enum CreateOptions {
    public static func options(for layout: SubvolumeLayout) -> [String: String] {
        var options = [
            "storage.fips-mode-rchecksum": "on", "transport.address-family": "inet",
            "nfs.disable": "on",
        ]
        if case .replicate = layout {
            options["cluster.granular-entry-heal"] = "on"
            options["performance.client-io-threads"] = "off"
        }
        return options
    }
}
