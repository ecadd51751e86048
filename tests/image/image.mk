# The scratch image: included by the Makefile.

IMAGE := image-syncer:test

.PHONY: image image-checks e2e-image
image: ## build the scratch image with the Dockerfile, check it and the Action with an engine (root; sets itself up, BASE= for another base)
	@src/deps/setup.sh image
	@tests/image/engine $(MAKE) --no-print-directory image-checks

image-checks: build/image-syncer
	@tests/image/build $(IMAGE)
	@IMAGE=$(IMAGE) $(PYTEST) tests/image $(TESTS)
	@tests/image/e2e $(IMAGE) $(PYTEST) tests/e2e/test_cli.py
	@$(call pytest,musl,build/image-syncer,tests/runner/test_container.py tests/runner/test_engine.py)

e2e-image: ## the whole end-to-end suite with the program in a container of the image
	@src/deps/setup.sh image
	@tests/image/engine tests/image/e2e $(IMAGE) $(PYTEST) $(side_by_side) tests/e2e $(TESTS)
