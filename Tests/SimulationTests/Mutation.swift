/// A part of the suite that is left out, to see that its absence is noticed.
enum Mutation: Hashable, CaseIterable {
    /// gd2-brickd runs what any coordinator sends it.
    case noFencing
    /// An undo does not keep an earlier step of the same coordinator from running later.
    case undoUnfenced
    /// gd2-brickd marks directories that another transaction is at work on.
    case noRivals
    /// gd2-brickd goes by its view of the volumes, which may be old, when it marks directories.
    case staleVolumes
    /// Marks go though a process runs there that gd2-brickd does not know of yet.
    case unsupervisedIgnored
    /// Writes of a transaction do not compare the lock.
    case noLockCompare
    /// A journal is written whatever it is now, so that a late write may bring back an old one.
    case blindJournal
    /// The lock of a transaction is taken over though that has ended meanwhile.
    case lateTaking
    /// A write that begins a transaction may come once more when that has ended.
    case lateBeginning
    /// A lock whose taking may be on its way is looked for no more when another has it.
    case lockGivenUp
    /// A coordinator tries again for ever to clean up on a node that is away.
    case deadAwaited
    /// What is left to a node that is away is not written down.
    case leftForgotten
    /// A node that is back cleans up without refusing what it was told before.
    case leftUnfenced
    /// Directories are marked though what was left there is still to be cleaned up.
    case leftIgnored
    /// Marks of bricks are not on disk when a step says that it is done.
    case unsyncedMarks
    /// The file of fences is written in place, so that a crash may tear it.
    case tornFences
    /// glusterfsd does not lock its pid file, and gd2-brickd does not look for running processes.
    case noAdoption
    /// gd2-brickd ends what the view of its last run does not want.
    case oldViewEnds
    /// gd2-pmap goes by gd2-brickd's table alone, which comes later than a brick's own word.
    case signInsIgnored
    /// The planner takes everybody for healthy.
    case blindPlanner
}
