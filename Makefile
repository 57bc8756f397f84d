# Everything here works on a fresh clone: each target sets up what it needs.
.PHONY: demo test check build rig-up rig-down clean

build: dist/cli.cjs

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

dist/cli.cjs: node_modules/.package-lock.json scripts/bundle.mjs package.json $(shell find src -name '*.ts')
	npm run --silent build

# The main job on a bundled example, without Docker: leaves build/demo.oci.tar.
demo: build
	@node scripts/demo.mjs

# Everything that can be tested on this machine; what was skipped, and why, is listed at the end. TEST_FLAGS=--coverage adds
# how much of src/ ran in the tests' own process; the program that they start is the bundle, and is not counted.
test: build
	npm test -- $(TEST_FLAGS)

check: node_modules/.package-lock.json
	npm run check

# A real Docker engine, registry, QEMU and base images for the end-to-end tests (Debian, as root).
rig-up:
	test/rig/up all

rig-down:
	test/rig/down

clean:
	rm -rf dist build node_modules
