# syntax=docker/dockerfile:1
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN make build VERSION=$VERSION

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /src/bin/vera /usr/local/bin/vera
COPY --from=build /src/actions /actions
ENV ACTIONS_DIR=/actions HEALTH_ADDRESS=127.0.0.1:4080
VOLUME /actions
# The binary asks itself: the image has no shell and no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["vera", "health"]
ENTRYPOINT ["vera"]
CMD ["serve"]
