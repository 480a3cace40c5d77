// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

/// @notice What publishing costs the publisher as a transaction of its own; see gas.t.sol.
/// forge-config: test.isolate = true
contract PublishingGasTest is AgoraiTest {
    /// @dev Records the call before it, and holds it to a limit: its goal, or where that is not reached what it costs now,
    /// rounded up. test/README.md has the goals beside the figures.
    function record(string memory operation, uint256 limit) internal {
        uint256 gas = vm.snapshotGasLastCall("gas", operation);
        assertTrue(gas <= limit, string.concat(operation, " costs ", vm.toString(gas)));
    }

    function offers() internal view returns (IAccessMarket.OfferTerms[] memory stated) {
        stated = new IAccessMarket.OfferTerms[](1);
        (stated[0].token, stated[0].price) = (address(token), 10_000_000);
        stated[0].usage = IAccessMarket.Usage.Internal;
    }

    function test_publish() public {
        IAssetRegistry.Publication memory stated = publication(list(), 1000, 0, 0);
        publishFrom(ada, list(), 100);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, stated);
        record("publish, first of a publisher", 105_000);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, stated);
        record("publish, again", 87_000);
    }

    function test_publishDerivative() public {
        IAssetRegistry.Publication memory child = publication(list(publishFrom(ada, list(), 1000)), 500, 0, 0);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, child);
        record("publish derivative of one parent, first of a publisher", 132_000);
        vm.prank(relayer);
        registry.publish(IAssetRegistry.Kind.Model, child);
        record("publish derivative of one parent, again", 114_000);
    }

    function test_publishAndList() public {
        IAssetRegistry.Publication memory stated = publication(list(), 1000, 0, 0);
        publishFrom(ada, list(), 100);
        vm.prank(relayer);
        registry.publishAndList(IAssetRegistry.Kind.Model, stated, offers());
        record("publish with one offer, first of a publisher", 146_000);
        vm.prank(relayer);
        registry.publishAndList(IAssetRegistry.Kind.Model, stated, offers());
        record("publish with one offer, again", 128_900);
    }

    function test_publishVersion() public {
        uint256 dataset = publishFrom(ada, list(), 1000);
        uint256 model = publishFrom(boole, list(dataset), 500);
        vm.prank(boole);
        registry.publishVersion(model, publication(list(dataset), 500, 0, 0));
        record("publish second version of a derivative", 124_500);
        vm.prank(boole);
        registry.publishVersion(model, publication(list(dataset), 500, 0, 0));
        record("publish third version of a derivative", 106_500);
    }
}
