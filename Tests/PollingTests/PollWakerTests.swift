import Foundation
import Glibc
import Polling
import Testing

@Suite struct PollWakerTests {
    private func isReadable(_ waker: PollWaker) -> Bool {
        var polled = pollfd(fd: waker.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&polled, 1, 0) == 1
    }

    @Test func itIsReadableFromTheWakeOnUntilItIsCleared() {
        let waker = PollWaker()
        #expect(waker.timeoutMs == -1)
        #expect(!isReadable(waker))
        waker.wake()
        waker.wake()
        #expect(isReadable(waker))
        waker.clear()
        #expect(!isReadable(waker))
        waker.clear()
        waker.wake()
        #expect(isReadable(waker))
    }

    @Test func aFlagThatIsSetStaysReadable() {
        let flag = StopFlag()
        #expect(!flag.isSet && !isReadable(flag.waker))
        flag.set()
        #expect(flag.isSet && isReadable(flag.waker))
    }

    @Test func aThreadThatWaitsForEverIsWoken() async {
        let flag = StopFlag()
        await withCheckedContinuation { ended in
            Thread.detachNewThread {
                while !flag.isSet {
                    var polled = pollfd(
                        fd: flag.waker.descriptor, events: Int16(POLLIN), revents: 0)
                    poll(&polled, 1, flag.waker.timeoutMs)
                }
                ended.resume()
            }
            usleep(20_000)
            flag.set()
        }
    }
}
