// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {HostileToken} from "../utils/HostileToken.sol";
import {PlainMultiToken, PlainNft} from "../utils/Nfts.sol";
import {PlainToken} from "../utils/PlainToken.sol";
import {RevenueTest} from "./RevenueTest.sol";

/// @notice The tree is till.tree.
contract RescueTest is RevenueTest {
    PlainToken internal other;
    PlainNft internal nft;
    PlainMultiToken internal multi;
    address internal till;

    function setUp() public override {
        super.setUp();
        (other, nft, multi) = (new PlainToken(), new PlainNft(), new PlainMultiToken());
        till = ledger.tillOf(model);
    }

    function deployTill() internal {
        token.mint(till, 10);
        ledger.sweepMany(address(token), list(model));
        assertEq(till.code.length, 63, "deployed");
    }

    /* what it keeps */

    function test_KeepsEtherAndGivesItToTheOwnersPayee() public {
        for (uint256 round; round < 2; ++round) {
            vm.deal(ada, 5 ether);
            // As a contract sends it that gives no gas with it.
            vm.prank(ada);
            payable(till).transfer(5 ether);
            expectEvent();
            emit IRevenueLedger.TillRescued(model, address(0), relayer, 5 ether);
            vm.prank(boole);
            ledger.rescueEther(model, relayer);
            assertEq(relayer.balance, 5 ether * (round + 1), "payee");
            assertEq(till.code.length, 63, "deployed, the first time");
        }
    }

    function test_KeepsOtherTokensForTheOwner() public {
        other.mint(till, 70);
        expectEvent();
        emit IRevenueLedger.TillRescued(model, address(other), relayer, 70);
        vm.prank(boole);
        ledger.rescueToken(model, address(other), relayer);
        assertEq(other.balanceOf(relayer), 70, "payee");
        other.mint(till, 7);
        vm.prank(boole);
        ledger.rescueToken(model, address(other), relayer);
        assertEq(other.balanceOf(relayer), 77, "again");
    }

    function test_KeepsNfts() public {
        nft.mint(till, 1);
        nft.safeMint(till, 2);
        deployTill();
        nft.mint(till, 3);
        nft.safeMint(till, 4);
        vm.prank(ada);
        asset721().transferFrom(ada, till, dataset);
        for (uint256 id = 1; id < 5; ++id) {
            expectEvent();
            emit IRevenueLedger.TillRescued(model, address(nft), relayer, id);
            vm.prank(boole);
            ledger.rescueNft(model, address(nft), id, relayer);
            assertEq(nft.ownerOf(id), relayer, "payee");
        }
        vm.prank(boole);
        ledger.rescueNft(model, address(registry), dataset, ada);
        assertEq(asset721().ownerOf(dataset), ada, "an asset of ours");
    }

    function test_KeepsMultiTokens() public {
        multi.mint(till, 1, 50);
        deployTill();
        multi.mint(till, 1, 5);
        multi.mintBatch(till, list(2, 3), list(20, 30));
        uint256[3] memory amounts = [uint256(55), 20, 30];
        for (uint256 id = 1; id < 4; ++id) {
            expectEvent();
            emit IRevenueLedger.TillRescued(model, address(multi), relayer, id);
            vm.prank(boole);
            ledger.rescueNft(model, address(multi), id, relayer);
            assertEq(multi.balanceOf(relayer, id), amounts[id - 1], "payee");
        }
    }

    function test_TheOwnerNowRescues() public {
        other.mint(till, 70);
        vm.prank(boole);
        asset721().transferFrom(boole, curie, model);
        expectSaid(IRevenueLedger.RevenueLedger_NotOwner.selector, boole, model);
        vm.prank(boole);
        ledger.rescueToken(model, address(other), boole);
        vm.prank(curie);
        ledger.rescueToken(model, address(other), curie);
        assertEq(other.balanceOf(curie), 70, "owner");
    }

    /* whom it refuses */

    function rescueAll(address caller, uint256 asset, address to, bytes memory said) internal {
        vm.startPrank(caller);
        vm.expectRevert(said);
        ledger.rescueToken(asset, address(other), to);
        vm.expectRevert(said);
        ledger.rescueEther(asset, to);
        vm.expectRevert(said);
        ledger.rescueNft(asset, address(nft), 1, to);
        vm.stopPrank();
    }

    function test_RevertWhen_TheCallerIsNotTheOwner() public {
        vm.deal(till, 1);
        nft.mint(till, 1);
        other.mint(till, 70);
        address[4] memory others = [ada, governor, treasury, address(market)];
        for (uint256 i; i < others.length; ++i) {
            rescueAll(
                others[i],
                model,
                others[i],
                abi.encodeWithSelector(IRevenueLedger.RevenueLedger_NotOwner.selector, others[i], model)
            );
        }
        vm.prank(boole);
        uint256 second = registry.publishVersion(model, publication(list(), 0, 0, 0));
        rescueAll(
            boole, second, boole, abi.encodeWithSelector(IRevenueLedger.RevenueLedger_NotOwner.selector, boole, second)
        );
    }

    function test_RevertWhen_ThePayeeIsZeroOrTheLedger() public {
        address[2] memory payees = [address(0), address(ledger)];
        for (uint256 i; i < 2; ++i) {
            rescueAll(
                boole,
                model,
                payees[i],
                abi.encodeWithSelector(IRevenueLedger.RevenueLedger_BadPayee.selector, payees[i])
            );
        }
    }

    /// @dev It is income: ancestors and contributors have their part of it. Nor may it leave as if it were an NFT.
    function test_RevertWhen_TheTokenIsAllowed() public {
        token.mint(till, 70);
        bytes memory said = abi.encodeWithSelector(IRevenueLedger.RevenueLedger_TokenAllowed.selector, address(token));
        vm.startPrank(boole);
        vm.expectRevert(said);
        ledger.rescueToken(model, address(token), boole);
        vm.expectRevert(said);
        ledger.rescueNft(model, address(token), 70, boole);
        vm.stopPrank();
        assertEq(token.balanceOf(till), 70, "still there");
    }

    function test_RevertWhen_ThereIsNothing() public {
        vm.startPrank(boole);
        vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
        ledger.rescueToken(model, address(other), boole);
        vm.expectRevert(IRevenueLedger.RevenueLedger_AmountZero.selector);
        ledger.rescueEther(model, boole);
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        ledger.rescueNft(model, address(nft), 1, boole);
        vm.expectRevert();
        ledger.rescueNft(model, address(0xdead), 1, boole);
        vm.stopPrank();
        assertEq(till.code.length, 0, "and deploys nothing");
    }

    function test_RevertWhen_TokenOrPayeeRefuses() public {
        HostileToken hostile = new HostileToken();
        hostile.mint(till, 70);
        hostile.set(HostileToken.Behaviour.ReturnsFalse);
        vm.deal(till, 1 ether);
        vm.startPrank(boole);
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        ledger.rescueToken(model, address(hostile), boole);
        vm.expectRevert(bytes4(keccak256("TransferFailed()")));
        ledger.rescueEther(model, address(registry));
        assertEq(till.balance, 1 ether, "still there");
        hostile.set(HostileToken.Behaviour.FeeOnTransfer);
        ledger.rescueToken(model, address(hostile), boole);
        assertEq(hostile.balanceOf(boole), 70, "what takes a fee of nothing is rescued too");
        vm.stopPrank();
    }

    /* the ledger is no till */

    function test_RevertWhen_TheLedgerIsSentWhatItCannotPass() public {
        expectSaid(IRevenueLedger.RevenueLedger_BadPayee.selector, address(ledger));
        nft.safeMint(address(ledger), 9);
        expectSaid(IRevenueLedger.RevenueLedger_BadPayee.selector, address(ledger));
        multi.mint(address(ledger), 9, 1);
        vm.deal(boole, 1);
        vm.prank(boole);
        (bool success,) = address(ledger).call{value: 1}("");
        assertTrue(!success, "ether");
    }
}
