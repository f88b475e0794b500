public import StoreAPI

extension StoreMirror {
    /// Which store this is, without asking it as long as the view is current.
    public func identity(of store: any KeyValueStore) async throws -> StoreIdentity {
        let view = view
        if view.freshness == .current, let identity = view.identity { return identity }
        return try await store.identity()
    }
}
