/// Stands for RESTService's own, which needs packages: its file of checks extends it.
enum PeerChanges {}
