// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RevenueTest} from "./RevenueTest.sol";

/// @notice The example that the documentation gives, to the unit.
contract WorkedExampleTest is RevenueTest {
    uint256 internal constant SALE = 10_000_000;

    function collectAll() internal {
        ledger.collectMany(address(token), list(0, dataset, model));
        collect(service);
        for (uint256 i; i < leaves.length; ++i) {
            collectContribution(contributionOf(i));
        }
        assertEq(token.balanceOf(address(ledger)), 0, "dust");
    }

    function test_OneSaleReachesEverybody() public {
        payAs(buyer, model, SALE);
        pull(model);
        collectAll();
        assertEq(token.balanceOf(treasury), 100_000, "treasury");
        assertEq(token.balanceOf(boole), 8_900_000, "model owner");
        assertEq(token.balanceOf(ada), 400_000, "dataset owner");
        assertEq(token.balanceOf(alpha), 300_000, "contributor alpha");
        assertEq(token.balanceOf(beta), 180_000, "contributor beta");
        assertEq(token.balanceOf(gamma), 120_000, "contributor gamma");
    }

    /// @dev One per cent in all, of which the service pays on what it adds.
    function test_SoldThroughAService() public {
        payAs(buyer, service, SALE);
        pull(service);
        assertEq(token.balanceOf(treasury), 0, "pulled, not paid out");
        assertEq(royaltiesOf(0), 40_000, "the service's fee");
        assertEq(salesOf(model), 6_000_000, "the model's sales");
        pull(model);
        collectAll();
        assertEq(token.balanceOf(treasury), 100_000, "treasury");
        assertEq(token.balanceOf(curie), 3_960_000, "service owner");
        assertEq(token.balanceOf(boole), 5_340_000, "model owner");
        assertEq(token.balanceOf(ada), 240_000, "dataset owner");
        assertEq(token.balanceOf(alpha) + token.balanceOf(beta) + token.balanceOf(gamma), 360_000, "contributors");
    }

    function test_WhoeverStandsBetweenDilutesNobody() public {
        uint256 fineTune = publishFrom(relayer, list(model), 0);
        payAs(buyer, fineTune, SALE);
        pull(fineTune);
        assertEq(royaltiesOf(dataset), 1_000_000, "the dataset's 10 %");
        assertEq(royaltiesOf(model), 500_000, "the model's 5 %");
        assertEq(collectableOf(fineTune), 8_400_000, "the rest");
        pull(model);
        assertEq(royaltiesOf(dataset), 1_000_000, "royalties owe nothing further");
    }
}
