# The scratch image: included by the Makefile.

IMAGE := image-syncer:test$(engine)

.PHONY: image image-checks e2e-image
image: ## build the scratch image with the Dockerfile, check it and the Action with an engine (root; sets itself up, BASE= for another base, TLS=openssl)
	@src/deps/setup.sh image
	@tests/image/engine $(MAKE) --no-print-directory image-checks

image-checks: build/image-syncer$(engine)
	@TLS=$(TLS) tests/image/build $(IMAGE)
	@IMAGE=$(IMAGE) IMAGE_SYNCER=$(CURDIR)/$< IMAGE_SYNCER_FLAVOR=musl$(engine) $(PYTEST) tests/image $(TESTS)
	@TLS=$(TLS) tests/image/e2e $(IMAGE) $(PYTEST) tests/e2e/test_cli.py
	@$(call pytest,musl$(engine),$<,tests/runner/test_container.py tests/runner/test_engine.py)

e2e-image: ## the whole end-to-end suite with the program in a container of the image
	@src/deps/setup.sh image
	@TLS=$(TLS) tests/image/engine tests/image/e2e $(IMAGE) $(PYTEST) $(side_by_side) tests/e2e $(TESTS)
