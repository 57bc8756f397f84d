/** Dockerfiles without a mistake, of which several rules make their examples. */

/** One file of Go, compiled on the build machine for the target. */
export const goFile = `FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETARCH
COPY main.go .
RUN GOARCH=$TARGETARCH go build -o /app main.go

FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /app /app
ENTRYPOINT ["/app"]
`

/** A Go project, compiled on the build machine for the target. */
export const goProject = `FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /app .

FROM gcr.io/distroless/static-debian13:nonroot
COPY --from=build /app /app
ENTRYPOINT ["/app"]
`

/** The same, compiled for the build machine. */
export const goProjectUntargeted = goProject
  .replace('ARG TARGETOS\nARG TARGETARCH\n', '')
  .replace(' GOOS=$TARGETOS GOARCH=$TARGETARCH', '')

/** A web page, built on the build machine. */
export const webPage = `FROM --platform=$BUILDPLATFORM node:24 AS web
WORKDIR /web
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM nginx:1.29
COPY --from=web /web/dist /usr/share/nginx/html
`
