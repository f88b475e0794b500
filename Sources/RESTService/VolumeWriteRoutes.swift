import GD2Error
import GlusterModel
import HTTPTypes
import Hummingbird
import RESTAPI

/// The routes that create, delete, start and stop volumes.
extension Routes {
    func volumeWrites() -> [ListedRoute] {
        [
            ListedRoute(
                name: "VolumeCreate", method: .post, path: "/v1/volumes", request: "VolCreateReq",
                response: "VolumeInfo"
            ) { request, context in
                let asked = context.change()
                let volume = try await volumes.create(request.value(VolCreateReq.self), asked)
                if asked.isAsync { return try await accepted(asked) }
                var response = try Response.json(info(volume), status: .created)
                response.headers[.location] = "/v1/volumes/\(volume.name)"
                return response
            }.asJob().planned { request, _ in
                try await volumes.planCreate(request.value(VolCreateReq.self), bricks)
            },
            ListedRoute(name: "VolumeDelete", method: .delete, path: "/v1/volumes/{volume}") {
                _, context in
                let asked = context.change()
                try await volumes.delete(context.parameters.require("volume"), asked)
                if asked.isAsync { return try await accepted(asked) }
                return Response(status: .noContent)
            }.asJob().planned { _, context in
                try await volumes.planDelete(context.parameters.require("volume"))
            },
            ListedRoute(
                name: "VolumeStart", method: .post, path: "/v1/volumes/{volume}/start",
                request: "VolumeStartReq", response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(VolumeStartReq.self, absent: VolumeStartReq())
                let asked = context.change()
                let changed = try await volumes.start(
                    context.parameters.require("volume"), force: body.forceStartBricks ?? false,
                    asked)
                if asked.isAsync { return try await accepted(asked) }
                return try response(to: changed)
            }.asJob().planned { request, context in
                let body = try await request.value(VolumeStartReq.self, absent: VolumeStartReq())
                return try await volumes.planStart(
                    context.parameters.require("volume"), force: body.forceStartBricks ?? false)
            },
            ListedRoute(
                name: "VolumeStop", method: .post, path: "/v1/volumes/{volume}/stop",
                request: "VolumeStopReq", response: "VolumeInfo"
            ) { _, context in
                let asked = context.change()
                let changed = try await volumes.stop(context.parameters.require("volume"), asked)
                if asked.isAsync { return try await accepted(asked) }
                return try response(to: changed)
            }.asJob().planned { _, context in
                try await volumes.planStop(context.parameters.require("volume"))
            },
            ListedRoute(
                name: "ReplaceBrick", method: .post, path: "/v1/volumes/{volume}/replacebrick",
                request: "ReplaceBrickReq", response: "VolumeInfo"
            ) { request, context in
                let body = try await request.value(ReplaceBrickReq.self)
                let asked = context.change()
                let changed = try await volumes.replaceBrick(
                    context.parameters.require("volume"), body, bricks, asked)
                if asked.isAsync { return try await accepted(asked) }
                return try response(to: changed)
            }.asJob().planned { request, context in
                try await volumes.planReplace(
                    context.parameters.require("volume"),
                    request.value(ReplaceBrickReq.self), bricks)
            },
        ]
    }

    /// The volume, and in a header who will follow later.
    private func response(to changed: VolumeChanges.Changed) throws -> Response {
        var response = try Response.json(info(changed.volume))
        if !changed.silent.isEmpty, let name = HTTPField.Name(silentNodesHeader) {
            response.headers[name] = changed.silent.joined(separator: ", ")
        }
        return response
    }

    /// The job that a change became, for who does not wait for its end.
    private func accepted(_ asked: Asked) async throws -> Response {
        guard let job = try await jobs.stored(asked.job) else {
            throw GD2Error(.internal, "job \(asked.job) is not in the store")
        }
        return try jobs.accepted(job)
    }
}
