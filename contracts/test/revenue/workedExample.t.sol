// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RevenueTest} from "./RevenueTest.sol";

/// @notice The example that the documentation gives, to the unit.
contract WorkedExampleTest is RevenueTest {
    function test_OneSaleReachesEverybody() public {
        payAs(buyer, model, 10_000_000);
        pull(model, 0);
        pull(model, FEE_INDEX);
        ledger.collect(address(token), list(0, dataset));
        collect(model);
        for (uint256 i; i < leaves.length; ++i) {
            collectContribution(contributionOf(i));
        }

        assertEq(token.balanceOf(treasury), 100_000, "treasury");
        assertEq(token.balanceOf(boole), 8_900_000, "model owner");
        assertEq(token.balanceOf(ada), 400_000, "dataset owner");
        assertEq(token.balanceOf(alpha), 300_000, "contributor alpha");
        assertEq(token.balanceOf(beta), 180_000, "contributor beta");
        assertEq(token.balanceOf(gamma), 120_000, "contributor gamma");
        assertEq(token.balanceOf(address(ledger)), 0, "dust");
    }

    function test_WhoeverStandsBetweenDilutesNobody() public {
        uint256 fineTune = publishFrom(relayer, list(model), 0);
        payAs(buyer, fineTune, 10_000_000);
        pull(fineTune, 0);
        pull(fineTune, 1);
        pull(fineTune, FEE_INDEX);

        (, uint256 toDataset,) = ledger.accountOf(dataset, address(token));
        (, uint256 toModel,) = ledger.accountOf(model, address(token));
        assertEq(toDataset, 1_000_000, "the dataset's 10 %");
        assertEq(toModel, 500_000, "the model's 5 %");
        assertEq(ledger.collectableOf(fineTune, address(token)), 8_400_000, "the rest");
        assertEq(ledger.pullableOf(model, 0, address(token)), 0, "royalties owe nothing further");
    }
}
