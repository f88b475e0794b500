import Seeded

/// Simulated time: what is to happen, in the order in which it does. All chance comes from one
/// seed, so a run can be had again exactly.
final class Scheduler {
    private struct Entry {
        var at: Duration
        /// Makes the order of what happens at one moment certain.
        var number: Int
        var action: () -> Void

        func precedes(_ other: Entry) -> Bool {
            at == other.at ? number < other.number : at < other.at
        }
    }

    private(set) var now = Duration.zero
    var generator: SplitMix
    /// A binary heap: the earliest first.
    private var heap: [Entry] = []
    private var numberNext = 0

    init(seed: UInt64) { generator = SplitMix(seed: seed) }

    func after(_ delay: Duration, _ action: @escaping () -> Void) {
        heap.append(Entry(at: now + max(delay, .zero), number: numberNext, action: action))
        numberNext += 1
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Calls `action` again and again, with a pause before each that chance picks.
    func every(_ pauseMs: ClosedRange<Int>, _ action: @escaping () -> Void) {
        after(ms(pauseMs)) { [self] in
            action()
            every(pauseMs, action)
        }
    }

    func run(until end: Duration) {
        while let first = heap.first, first.at <= end {
            now = first.at
            removeFirst()
            first.action()
        }
        now = end
    }

    private func removeFirst() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    // MARK: Chance

    func random(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    func ms(_ range: ClosedRange<Int>) -> Duration { .milliseconds(random(range)) }
    func chance(_ percent: Int) -> Bool { random(0...99) < percent }
    func pick<Element>(_ elements: [Element]) -> Element? {
        elements.randomElement(using: &generator)
    }
}
