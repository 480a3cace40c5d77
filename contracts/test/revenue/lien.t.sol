// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {RevenueTest} from "./RevenueTest.sol";

/// @dev Of a sale of the model 89 % are its owner's.
contract LienTest is RevenueTest {
    function lienAt(uint256 version, uint256 place) internal view returns (IRevenueLedger.Lien memory) {
        return ledger.liensOf(version, address(token))[place];
    }

    /* who and what */

    function test_RevertWhen_OthersNameTheArbiter() public {
        expectSaid(IRevenueLedger.RevenueLedger_NotGovernor.selector, judge);
        vm.prank(judge);
        ledger.setArbiter(judge);
        expectEvent();
        emit IRevenueLedger.ArbiterSet(judge);
        vm.prank(governor);
        ledger.setArbiter(judge);
        assertEq(ledger.arbiter(), judge, "arbiter");
    }

    function test_RevertWhen_OthersSetLiens() public {
        assertEq(ledger.arbiter(), address(0), "nobody at first");
        expectSaid(IRevenueLedger.RevenueLedger_NotArbiter.selector, judge);
        vm.prank(judge);
        ledger.setLien(model, address(token), dataset, 1000, 1000);
        setLien(model, dataset, 1000, 1000);
        expectSaid(IRevenueLedger.RevenueLedger_NotArbiter.selector, governor);
        vm.prank(governor);
        ledger.setLien(model, address(token), dataset, 1000, 1000);
    }

    function test_RevertWhen_TheLienIsInvalid() public {
        setLien(model, dataset, 10_000, type(uint128).max);
        uint256[2][6] memory versions = [
            [model, model],
            [uint256(0), model],
            [model, 0],
            [model, 99],
            [uint256(99), model],
            [model, 1 << 48 | dataset]
        ];
        for (uint256 i; i < versions.length; ++i) {
            expectInvalid(versions[i][0], versions[i][1], 1000, 1000);
        }
        expectInvalid(model, dataset, 0, 1000);
        expectInvalid(model, dataset, 10_001, 1000);
        expectInvalid(model, dataset, 1000, 0);
    }

    function expectInvalid(uint256 version, uint256 creditor, uint16 bps, uint128 cap) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IRevenueLedger.RevenueLedger_LienInvalid.selector, version, creditor, uint256(bps), uint256(cap)
            )
        );
        vm.prank(judge);
        ledger.setLien(version, address(token), creditor, bps, cap);
    }

    function test_RevertWhen_FourStandAlready() public {
        for (uint256 i; i < 4; ++i) {
            setLien(model, dataset, 1000, 1000);
        }
        expectSaid(IRevenueLedger.RevenueLedger_LiensTooMany.selector, model);
        vm.prank(judge);
        ledger.setLien(model, address(token), dataset, 1000, 1000);
        assertEq(ledger.liensOf(model, address(token)).length, 4, "liens");
    }

    /* what it moves */

    function test_TakesItsShareOfWhatIsEarnedAfter() public {
        payAs(buyer, model, 10_000);
        vm.prank(governor);
        ledger.setArbiter(judge);
        expectEvent();
        emit IRevenueLedger.LienSet(model, address(token), service, 2500, 8_900, 5_000);
        vm.prank(judge);
        ledger.setLien(model, address(token), service, 2500, 5_000);
        assertEq(collectableOf(model), 8_900, "what was earned before");
        payAs(buyer, model, 10_000);
        assertEq(collectableOf(model), 8_900 + 6_675, "three quarters of what came after");
        expectEvent();
        emit IRevenueLedger.LienMoved(model, address(token), service, 0, 2_225);
        expectEvent();
        emit IRevenueLedger.RevenueCollected(model, address(token), boole, 15_575);
        collect(model);
        assertEq(royaltiesOf(service), 2_225, "a royalty of the creditor");
        assertEq(collectableOf(service), 2_225, "which owes nothing");
        assertEq(lienAt(model, 0).moved, 2_225, "moved");
        collect(model);
        assertEq(royaltiesOf(service), 2_225, "once");
    }

    /// @dev The owner has taken all out before, so the creditor's part is all that can be moved.
    function test_MovesThoughNothingIsLeftToTheOwner() public {
        payAs(buyer, model, 10_000);
        collect(model);
        setLien(model, service, 10_000, type(uint128).max);
        payAs(buyer, model, 10_000);
        assertEq(collectableOf(model), 0, "owner");
        collect(model);
        assertEq(token.balanceOf(boole), 8_900, "owner");
        assertEq(royaltiesOf(service), 8_900, "creditor");
    }

    function test_EndsAtItsCap() public {
        setLien(model, service, 5000, 6_000);
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(royaltiesOf(service), 4_450, "below the cap");
        payAs(buyer, model, 10_000);
        assertEq(collectableOf(model), 8_900 - 1_550, "the rest of it");
        collect(model);
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(royaltiesOf(service), 6_000, "creditor");
        assertEq(token.balanceOf(boole), 3 * 8_900 - 6_000, "owner");
    }

    function test_TheNextTakesOfWhatIsLeft() public {
        uint256 other = publishFrom(ada, list(), 0);
        setLien(model, service, 5000, type(uint128).max);
        setLien(model, other, 5000, type(uint128).max);
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(royaltiesOf(service), 4_450, "half");
        assertEq(royaltiesOf(other), 2_225, "half of the rest");
        assertEq(token.balanceOf(boole), 2_225, "owner");
        // Set later, the third begins where the first two leave the owner now.
        setLien(model, dataset, 10_000, 100);
        assertEq(lienAt(model, 2).base, 2_225, "base");
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(royaltiesOf(dataset), 100, "up to its cap");
        assertEq(token.balanceOf(boole), 2 * 2_225 - 100, "owner");
    }

    function test_TwoRulingsOneAfterTheOther() public {
        setLien(model, service, 10_000, 1_000);
        setLien(model, service, 10_000, 1_000);
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(royaltiesOf(service), 2_000, "both to their caps");
        assertEq(lienAt(model, 0).moved + lienAt(model, 1).moved, 2_000, "moved");
        assertEq(token.balanceOf(boole), 6_900, "owner");
    }

    /* with other things */

    function test_BindsWhoeverOwnsTheAssetLater() public {
        setLien(model, service, 5000, 6_000);
        payAs(buyer, model, 10_000);
        vm.prank(boole);
        asset721().transferFrom(boole, relayer, model);
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(royaltiesOf(service), 6_000, "creditor");
        assertEq(token.balanceOf(relayer), 11_800, "the owner now");
    }

    function test_LeavesContributorsTheirShare() public {
        setLien(dataset, model, 5000, type(uint128).max);
        payAs(buyer, dataset, 1_000_000);
        for (uint256 i; i < leaves.length; ++i) {
            collectContribution(contributionOf(i));
        }
        collect(dataset);
        assertEq(token.balanceOf(alpha) + token.balanceOf(beta) + token.balanceOf(gamma), 594_000, "contributors");
        assertEq(token.balanceOf(ada), 198_000, "half of the owner's");
        assertEq(collectableOf(model), 198_000, "creditor");
    }

    function test_TheCreditorsContributorsShareInIt() public {
        setLien(model, dataset, 10_000, 1_000);
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(collectableOf(dataset), 400, "owner of the creditor");
        assertEq(
            ledger.contributionCollectableOf(contributionOf(0), address(token)), 300, "contributor of the creditor"
        );
    }

    function test_ACreditorsOwnLiensFollow() public {
        uint256 last = publishFrom(ada, list(), 0);
        setLien(model, service, 5000, type(uint128).max);
        setLien(service, last, 5000, type(uint128).max);
        payAs(buyer, model, 10_000);
        ledger.collectMany(address(token), list(model, service));
        assertEq(royaltiesOf(service), 4_450, "creditor");
        assertEq(token.balanceOf(curie), 2_225, "its owner");
        assertEq(royaltiesOf(last), 2_225, "its creditor");
    }

    /// @dev Money goes round until the caps; none of it is made on the way.
    function test_TwoThatOweEachOther() public {
        setLien(model, service, 10_000, 3_000);
        setLien(service, model, 10_000, 2_000);
        payAs(buyer, model, 10_000);
        for (uint256 i; i < 4; ++i) {
            ledger.collectMany(address(token), list(model, service));
        }
        assertEq(token.balanceOf(boole), 8_900 - 3_000 + 2_000, "owner");
        assertEq(token.balanceOf(curie), 3_000 - 2_000, "creditor");
        assertEq(token.balanceOf(address(ledger)), 1_100, "fee and royalty are left");
    }

    function test_BindsOneTokenOnly() public {
        setLien(model, service, 10_000, type(uint128).max);
        token = ITestUSD(address(new PlainToken()));
        payAs(buyer, model, 10_000);
        collect(model);
        assertEq(token.balanceOf(boole), 8_900, "owner, in another token");
        assertEq(ledger.liensOf(model, address(token)).length, 0, "liens there");
    }

    /// @dev A sum of shares of the first total could exceed it; a share of what is left cannot.
    function testFuzz_NothingFallsAndNothingIsMade(
        uint64[12] calldata amounts,
        uint16[4] calldata bps,
        uint64[4] calldata caps
    ) public {
        uint256 paid;
        for (uint256 i; i < amounts.length; ++i) {
            if (i % 3 == 0) {
                setLien(
                    model,
                    i % 2 == 0 ? service : dataset,
                    uint16(bound(bps[i / 3], 1, 10_000)),
                    uint128(caps[i / 3]) + 1
                );
            }
            uint256 before = collectableOf(model);
            payAs(buyer, model, bound(amounts[i], 1, i % 2 == 0 ? 99 : type(uint64).max));
            uint256 collectable = collectableOf(model);
            assertTrue(collectable >= before, "falls");
            if (amounts[i] % 2 == 0) continue;
            collect(model);
            paid += collectable;
            assertEq(token.balanceOf(boole), paid, "pays what it promised");
        }
        collect(model);
        uint256 moved;
        for (uint256 i; i < 4; ++i) {
            IRevenueLedger.Lien memory lien = lienAt(model, i);
            assertTrue(lien.moved <= lien.cap, "cap");
            moved += lien.moved;
        }
        assertEq(token.balanceOf(boole) + moved, salesOf(model) * 8_900 / 10_000, "the owner's residue");
        assertEq(royaltiesOf(service) + royaltiesOf(dataset), moved, "creditors");
    }
}
